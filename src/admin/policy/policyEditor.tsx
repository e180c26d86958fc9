import { linkIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { openPage, policyPage } from '../../actions/elsewhere';
import { ruleWord } from '../../ui/ruleWord';
import { ActionButton } from '../../ui/actionButton';
import { ErrorNote, explanation, Skeleton } from '../../ui/notes';
import { useHappenings } from '../../ui/useHappenings';
import { useSignalState } from '../../ui/useSignalState';
import { useWorkbench } from '../../workbench';
import { DeniedPackages } from './deniedPackages';
import { LimitField } from './limitField';
import type { PolicyDraft } from './policyDraft';
import { type ListField, type NumberField, UNITS } from './policyForm';
import { TextRows } from './textRows';
import { ViolatingList } from './violatingList';

const CHANGES = [
  'policy.changed',
  'review.approved',
  'environment.unpublished',
  'environment.deleted'
] as const;

/** What the deployment allows, to be changed and saved as a whole. */
export function PolicyEditor({ draft }: { draft: PolicyDraft }): JSX.Element {
  const { environments, events, trans } = useWorkbench();
  const { me } = useSignalState(environments);
  const elsewhere = policyPage(me);
  const { form, problem, errors, changed, overtaken, saving, violating, done } =
    useSignalState(draft);
  const happened = useHappenings(events, CHANGES);
  React.useEffect(() => void draft.read(), [draft, happened]);
  const frame = React.useRef<HTMLFormElement>(null);
  const save = async () => {
    if (!(await draft.save(trans.__('expected a number')))) {
      frame.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
    }
  };
  if (form === null) {
    return problem === null ? (
      <Skeleton trans={trans} />
    ) : (
      <ErrorNote
        lead={trans.__('The policy could not be read.')}
        error={problem}
        onRetry={() => void draft.read()}
        trans={trans}
      />
    );
  }
  const list = (field: ListField, hint: string, add: string, example: string) => (
    <TextRows
      legend={ruleWord(field, trans)}
      hint={hint}
      add={add}
      example={example}
      rows={form[field]}
      errors={errors.filter(error => error.field === field)}
      onChange={rows => draft.edit({ [field]: rows })}
    />
  );
  const limit = (field: NumberField, hint: string, children?: React.ReactNode) => (
    <LimitField
      label={ruleWord(field, trans)}
      hint={hint}
      value={form[field]}
      error={errors.find(error => error.field === field)?.message ?? null}
      onChange={value => draft.edit({ [field]: value })}
    >
      {children}
    </LimitField>
  );
  const others = errors.filter(({ field }) => !(field in form));
  return (
    <form
      ref={frame}
      className="jp-DataflowEnvs-policy"
      aria-label={trans.__('Policy')}
      noValidate
      onSubmit={event => {
        event.preventDefault();
        void save();
      }}
    >
      <ViolatingList violating={violating} fresh={done} />
      <fieldset className="jp-DataflowEnvs-policyGrid" disabled={elsewhere !== null}>
        {list(
          'channels',
          trans.__('Where conda packages may come from. None: any of the deployment’s channels.'),
          trans.__('Add Channel'),
          'conda-forge'
        )}
        {list(
          'indexes',
          trans.__('Where pip packages may come from. None: any of the deployment’s indexes.'),
          trans.__('Add Index'),
          'https://…/simple'
        )}
        <DeniedPackages
          rows={form.denied_packages}
          errors={errors.filter(({ field }) => field === 'denied_packages')}
          onChange={rows => draft.edit({ denied_packages: rows })}
        />
        {list(
          'required_packages',
          trans.__('Every environment must hold these.'),
          trans.__('Add Required Package'),
          'certifi'
        )}
        {list(
          'python_versions',
          trans.__('3.11 stands for every 3.11.x. None: whatever the channels hold.'),
          trans.__('Add Python Version'),
          '3.11'
        )}
        <fieldset className="jp-DataflowEnvs-policyField jp-mod-wide">
          <legend>{trans.__('Limits')}</legend>
          <p className="jp-DataflowEnvs-soft">{trans.__('Empty: no limit.')}</p>
          <div className="jp-DataflowEnvs-limits">
            {limit('max_environments', '')}
            {limit('max_versions', trans.__('older ones lose their files only'))}
            {limit(
              'max_bytes',
              '',
              <select
                className="jp-mod-styled"
                aria-label={trans.__('Unit of disk space')}
                value={form.unit}
                onChange={event =>
                  draft.edit({ unit: UNITS.find(unit => unit === event.target.value) ?? 'GB' })
                }
              >
                {UNITS.map(unit => (
                  <option key={unit}>{unit}</option>
                ))}
              </select>
            )}
          </div>
        </fieldset>
      </fieldset>
      <div className="jp-DataflowEnvs-decision">
        {elsewhere !== null && (
          <p className="jp-DataflowEnvs-soft">
            {trans.__('Administrators change the policy on the environment service’s own page.')}
          </p>
        )}
        {others.map(({ field, message }) => (
          <p key={field} className="jp-DataflowEnvs-problem" role="alert">
            {`${field}: ${message}`}
          </p>
        ))}
        {problem !== null && (
          <p className="jp-DataflowEnvs-problem" role="alert">
            {explanation(problem, trans)}
          </p>
        )}
        {overtaken && (
          <p className="jp-DataflowEnvs-problem" role="alert">
            {trans.__(
              'Somebody else saved another policy meanwhile. Save replaces it, Discard shows it.'
            )}
          </p>
        )}
        <div className="jp-DataflowEnvs-decisionRow">
          <div className="jp-DataflowEnvs-buttons">
            {elsewhere !== null ? (
              <ActionButton
                label={trans.__('Change the Policy on the Environment Service…')}
                icon={linkIcon}
                look="accept"
                onClick={() => openPage(elsewhere)}
              />
            ) : (
              <>
                <ActionButton
                  label={trans.__('Save')}
                  look="accept"
                  allowed={changed}
                  refusal={trans.__('Nothing was changed.')}
                  busy={saving}
                  onClick={() => void save()}
                />
                <ActionButton
                  label={trans.__('Discard')}
                  allowed={changed}
                  refusal={trans.__('Nothing was changed.')}
                  onClick={() => draft.discard()}
                />
              </>
            )}
          </div>
          <span role="status" className="jp-DataflowEnvs-soft">
            {errors.length > 0
              ? trans._n('%1 field is not right', '%1 fields are not right', errors.length)
              : changed
                ? trans.__('Not saved yet')
                : done
                  ? trans.__('Saved')
                  : ''}
          </span>
        </div>
      </div>
    </form>
  );
}
