import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { Environment } from '../api/client';

type Status = Environment['status'];

const STATUS_CLASS: Record<Status, string> = {
  Saved: 'jp-mod-saved',
  'In Progress': 'jp-mod-progress',
  Failed: 'jp-mod-failed',
  Draft: 'jp-mod-draft',
  'Pending Approval': 'jp-mod-pending',
  Published: 'jp-mod-published'
};

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
    <li className={`jp-DataflowEnvs-row ${STATUS_CLASS[environment.status]}`}>
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
      <span className="jp-DataflowEnvs-status">{statusWord(environment.status, trans)}</span>
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

function BuildProgress(props: {
  environment: Environment;
  trans: TranslationBundle;
}): JSX.Element | null {
  const { environment, trans } = props;
  const { phase, progress, queue_position: place } = environment;
  if (phase === null) {
    return null;
  }
  const counted = progress !== null && progress.packages_total > 0;
  const words = [
    phaseWord(phase, trans),
    ...(phase === 'queued' && place !== null ? [`#${place}`] : []),
    ...(phase !== 'queued' && counted
      ? [`${progress.packages_done}/${progress.packages_total}`]
      : [])
  ].join(' ');
  return (
    <span className="jp-DataflowEnvs-progress">
      <progress
        aria-label={trans.__('Build of %1', environment.short_name)}
        max={counted ? progress.packages_total : 1}
        {...(counted ? { value: progress.packages_done } : {})}
      />
      <span>{words}</span>
    </span>
  );
}

function statusWord(status: Status, trans: TranslationBundle): string {
  switch (status) {
    case 'Saved':
      return trans.__('Saved');
    case 'In Progress':
      return trans.__('In Progress');
    case 'Failed':
      return trans.__('Failed');
    case 'Draft':
      return trans.__('Draft');
    case 'Pending Approval':
      return trans.__('Pending Approval');
    case 'Published':
      return trans.__('Published');
  }
}

function phaseWord(phase: NonNullable<Environment['phase']>, trans: TranslationBundle): string {
  switch (phase) {
    case 'queued':
      return trans.__('queued');
    case 'solving':
      return trans.__('solving');
    case 'downloading':
      return trans.__('downloading');
    case 'linking':
      return trans.__('linking');
    case 'pip':
      return trans.__('pip');
    case 'verifying':
      return trans.__('verifying');
  }
}
