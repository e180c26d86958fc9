import * as React from 'react';

import type { ActionName } from '../../actions/looks';
import { CommandIDs } from '../../tokens';
import { ActionButton } from '../../ui/actionButton';
import { plain } from '../../ui/plain';
import { Ago } from '../../ui/time';
import { ViolationTable } from '../../ui/violationTable';
import { standing, useWorkbench } from '../../workbench';
import type { IPublishedRow } from './publishedRows';
import { UsageDetails } from './usageDetails';

const MORE: readonly ActionName[] = ['unpublish', 'transfer', 'delete'];

/** One published environment; opened, it shows who uses it and what else can be done. */
export function PublishedRow({ row }: { row: IPublishedRow }): JSX.Element {
  const { environment, publishedAt, violations } = row;
  const { commands, trans } = useWorkbench();
  const [open, setOpen] = React.useState(false);
  const id = React.useId();
  const { deprecated, short_name: shortName, usage } = environment;
  return (
    <tbody className={open ? 'jp-mod-open' : ''}>
      <tr>
        <th scope="row">
          <button
            type="button"
            className="jp-DataflowEnvs-link"
            onClick={() => void commands.execute(CommandIDs.open, { shortName })}
          >
            {plain(environment.full_name)}
          </button>
          <span className="jp-DataflowEnvs-soft jp-DataflowEnvs-under">
            <code>{shortName}</code> {trans.__('version %1', environment.published_version ?? '')}
          </span>
          {deprecated !== null && (
            <span className="jp-DataflowEnvs-badge jp-mod-warn" title={plain(deprecated.reason)}>
              {trans.__('Deprecated')}
            </span>
          )}
          {violations.length > 0 && (
            <span className="jp-DataflowEnvs-badge jp-mod-bad">
              {trans.__('Against the policy')}
            </span>
          )}
        </th>
        <td data-label={trans.__('Owner')}>{plain(environment.owner)}</td>
        <td data-label={trans.__('Published')}>
          {publishedAt === null ? '–' : <Ago at={publishedAt} trans={trans} />}
        </td>
        <td data-label={trans.__('People')} className="jp-mod-number">
          {usage.active_people}
        </td>
        <td data-label={trans.__('Last Started')}>
          {usage.last_started === null ? (
            trans.__('never')
          ) : (
            <Ago at={usage.last_started} trans={trans} />
          )}
        </td>
        <td>
          <div className="jp-DataflowEnvs-buttons">
            <Action
              name={deprecated === null ? 'deprecate' : 'undeprecate'}
              environment={environment}
            />
            <button
              type="button"
              className="jp-DataflowEnvs-button jp-mod-styled"
              aria-expanded={open}
              aria-controls={open ? id : undefined}
              aria-label={trans.__('Usage of %1', shortName)}
              onClick={() => setOpen(!open)}
            >
              {trans.__('Usage')}
            </button>
          </div>
        </td>
      </tr>
      {open && (
        <tr id={id}>
          <td colSpan={6} className="jp-DataflowEnvs-usage">
            {deprecated !== null && (
              <p>
                <strong>{trans.__('Deprecated')}</strong> <Ago at={deprecated.at} trans={trans} />
                {': '}
                {plain(deprecated.reason)}
              </p>
            )}
            {violations.length > 0 && (
              <ViolationTable
                violations={violations}
                label={trans.__('Violations of %1', shortName)}
              />
            )}
            <UsageDetails environment={environment} />
            <div className="jp-DataflowEnvs-buttons">
              {MORE.map(name => (
                <Action key={name} name={name} environment={environment} />
              ))}
            </div>
          </td>
        </tr>
      )}
    </tbody>
  );
}

function Action(props: {
  name: ActionName;
  environment: IPublishedRow['environment'];
}): JSX.Element {
  const { name, environment } = props;
  const workbench = useWorkbench();
  const { label, allowed, refusal, caption } = standing(workbench, environment, name);
  return (
    <ActionButton
      label={label}
      look={name === 'delete' ? 'warn' : 'plain'}
      allowed={allowed}
      refusal={refusal}
      caption={caption}
      onClick={() =>
        void workbench.commands.execute(CommandIDs.action(name), {
          shortName: environment.short_name
        })
      }
    />
  );
}
