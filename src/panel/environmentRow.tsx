import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { Environment } from '../api/schemas';
import { BuildProgress } from '../ui/buildProgress';
import { StatusChip } from '../ui/statusChip';

export interface IEnvironmentRowProps {
  environment: Environment;
  /** Whether the asking person owns it; other people's rows name their owner. */
  mine: boolean;
  trans: TranslationBundle;
}

/**
 * One environment: its names, its latest version and its status; while it is built, how far it is, and when that failed,
 * why.
 */
export function EnvironmentRow(props: IEnvironmentRowProps): JSX.Element {
  const { environment, mine, trans } = props;
  return (
    <li className="jp-DataflowEnvs-row">
      <span className="jp-DataflowEnvs-name" title={environment.full_name}>
        {environment.full_name}
      </span>
      <span className="jp-DataflowEnvs-facts">
        <code className="jp-DataflowEnvs-short">{environment.short_name}</code>
        {environment.latest_version !== null && (
          <span title={trans.__('version %1', environment.latest_version)}>
            {`v${environment.latest_version}`}
          </span>
        )}
        {!mine && (
          <span className="jp-DataflowEnvs-owner" title={environment.owner}>
            {environment.owner}
          </span>
        )}
        {environment.deprecated !== null && (
          <span title={environment.deprecated.reason}>{trans.__('deprecated')}</span>
        )}
      </span>
      <StatusChip status={environment.status} trans={trans} />
      {environment.failure !== null && (
        <span className="jp-DataflowEnvs-failure" title={environment.failure}>
          {environment.failure}
        </span>
      )}
      {environment.status === 'In Progress' && (
        <BuildProgress environment={environment} trans={trans} />
      )}
    </li>
  );
}
