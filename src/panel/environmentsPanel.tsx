import type { TranslationBundle } from '@jupyterlab/translation';
import { Button, refreshIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import type { IEnvironmentsState } from '../model';
import { EnvironmentRow } from './environmentRow';
import { EmptyNote, ErrorNote, Skeleton } from './notes';

export interface IEnvironmentsPanelProps {
  state: IEnvironmentsState;
  onRefresh: () => void;
  onMore: () => void;
  trans: TranslationBundle;
}

/**
 * The list of environments in the side bar, in whatever state it is.
 */
export function EnvironmentsPanel(props: IEnvironmentsPanelProps): JSX.Element {
  const { state, onRefresh, onMore, trans } = props;
  const { environments, error, hasMore, me, refreshing } = state;
  const count = environments?.length ?? 0;
  return (
    <>
      <div className="jp-DataflowEnvs-header">
        <h2 className="jp-DataflowEnvs-title">{trans.__('Environments')}</h2>
        {count > 0 && (
          <span className="jp-DataflowEnvs-count">{hasMore ? `${count}+` : String(count)}</span>
        )}
        <Button
          minimal
          className="jp-DataflowEnvs-refresh"
          title={trans.__('Refresh')}
          aria-label={trans.__('Refresh the list of environments')}
          aria-busy={refreshing}
          onClick={onRefresh}
        >
          <refreshIcon.react tag="span" elementSize="normal" />
        </Button>
      </div>
      {error !== null && <ErrorNote error={error} onRetry={onRefresh} trans={trans} />}
      {environments === null && error === null && <Skeleton trans={trans} />}
      {environments?.length === 0 && <EmptyNote trans={trans} />}
      {count > 0 && (
        <ul className="jp-DataflowEnvs-list" aria-label={trans.__('Dataflow Environments')}>
          {environments?.map(environment => (
            <EnvironmentRow
              key={environment.short_name}
              environment={environment}
              mine={me === null || environment.owner === me.name}
              trans={trans}
            />
          ))}
        </ul>
      )}
      {hasMore && (
        <Button className="jp-DataflowEnvs-more jp-mod-styled" onClick={onMore}>
          {trans.__('Show more')}
        </Button>
      )}
    </>
  );
}
