import * as React from 'react';

import type { Environment, VersionSummary } from '../api/schemas';
import { ActionButton } from '../ui/actionButton';
import { useSignalState } from '../ui/useSignalState';
import { decisionOf, useWorkbench } from '../workbench';
import { useCommand } from './useCommand';

/** Goes back to one version; says why not, of the environment as the server does, and of this version. */
export function RevertButton(props: {
  environment: Environment;
  version: VersionSummary;
  latestBuilt: number | null;
}): JSX.Element {
  const { environment, version, latestBuilt } = props;
  const { looks, running, trans } = useWorkbench();
  useSignalState(running);
  const run = useCommand(environment.short_name);
  const { allowed, reason } = decisionOf(environment, 'revert');
  const own =
    version.outcome !== 'succeeded'
      ? trans.__('Version %1 was not built: there is nothing to go back to.', version.number)
      : version.number === latestBuilt
        ? trans.__('Version %1 is the one in use already.', version.number)
        : null;
  const refusal = allowed ? own : reason;
  return (
    <ActionButton
      {...looks.revert}
      allowed={allowed && own === null}
      refusal={refusal}
      busy={running.has(environment.short_name, 'revert')}
      onClick={() => run('revert', version.number)}
    />
  );
}
