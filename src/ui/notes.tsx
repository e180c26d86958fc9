import { ServerConnection } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';
import { Button } from '@jupyterlab/ui-components';
import * as React from 'react';

import { ApiError } from '../api/client';

const SKELETON_ROWS = [72, 54, 63];

/**
 * Rows to come, in the shape that they will have.
 */
export function Skeleton({ trans }: { trans: TranslationBundle }): JSX.Element {
  return (
    <div className="jp-DataflowEnvs-list" role="status" aria-label={trans.__('Loading…')}>
      {SKELETON_ROWS.map(width => (
        <div key={width} className="jp-DataflowEnvs-row jp-mod-skeleton" aria-hidden="true">
          <span className="jp-DataflowEnvs-bone" style={{ width: `${width}%` }} />
          <span className="jp-DataflowEnvs-bone jp-mod-thin" style={{ width: `${width / 2}%` }} />
        </div>
      ))}
    </div>
  );
}

/**
 * What went wrong, what can be done about it, and a way to try again.
 */
export function ErrorNote(props: {
  /** What could not be done, in one sentence. */
  lead: string;
  error: unknown;
  onRetry: () => void;
  /** That it is tried again by itself as well. */
  trying?: boolean;
  trans: TranslationBundle;
}): JSX.Element {
  const { lead, error, onRetry, trying, trans } = props;
  return (
    <div className="jp-DataflowEnvs-error" role="alert">
      <p className="jp-DataflowEnvs-lead">{lead}</p>
      <p>{explanation(error, trans)}</p>
      <Button className="jp-mod-styled" onClick={onRetry}>
        {trans.__('Retry')}
      </Button>
      {trying && <span className="jp-DataflowEnvs-trying">{trans.__('Trying again…')}</span>}
    </div>
  );
}

/** What went wrong, in words for people. */
export function explanation(error: unknown, trans: TranslationBundle): string {
  if (error instanceof ServerConnection.NetworkError) {
    return trans.__('The Jupyter server does not answer. Check that it is running.');
  }
  if (error instanceof ApiError && error.code === 'not_served') {
    return trans.__(
      'This Jupyter server does not offer them. Enable it with "jupyter server extension enable jupyter_dataflow_envs" and restart the server.'
    );
  }
  return error instanceof Error ? error.message : String(error);
}
