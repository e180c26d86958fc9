import * as React from 'react';

import type { Violating } from '../../api/schemas';
import { CommandIDs } from '../../tokens';
import { plain } from '../../ui/plain';
import { ViolationTable } from '../../ui/violationTable';
import { useWorkbench } from '../../workbench';

/** Which published environments the saved policy would not allow. */
export function ViolatingList(props: {
  /** `null`: not known yet. */
  violating: readonly Violating[] | null;
  /** Whether the policy was saved just now. */
  fresh: boolean;
}): JSX.Element {
  const { violating, fresh } = props;
  const { commands, environments, trans } = useWorkbench();
  const count = violating?.length ?? 0;
  return (
    <section
      className={`jp-DataflowEnvs-violating ${count > 0 ? 'jp-mod-some' : ''}`}
      aria-label={trans.__('Published environments that violate the policy')}
    >
      <p role="status" className={count > 0 ? 'jp-DataflowEnvs-lead' : 'jp-DataflowEnvs-soft'}>
        {violating === null
          ? ''
          : count === 0
            ? trans.__('All published environments follow the policy.')
            : fresh
              ? trans._n(
                  'Saved. %1 published environment violates it now and stays published.',
                  'Saved. %1 published environments violate it now and stay published.',
                  count
                )
              : trans._n(
                  '%1 published environment violates the policy.',
                  '%1 published environments violate the policy.',
                  count
                )}
      </p>
      {violating?.map(({ short_name: shortName, version, owner, violations }) => (
        <details key={shortName}>
          <summary>
            {plain(environments.find(shortName)?.full_name ?? shortName)}{' '}
            <span className="jp-DataflowEnvs-soft">
              {trans.__('%1, version %2, of %3', shortName, version, plain(owner))}
            </span>
          </summary>
          <ViolationTable violations={violations} label={trans.__('Violations of %1', shortName)} />
          <button
            type="button"
            className="jp-DataflowEnvs-link"
            onClick={() => void commands.execute(CommandIDs.open, { shortName })}
          >
            {trans.__('Open Environment')}
          </button>
        </details>
      ))}
    </section>
  );
}
