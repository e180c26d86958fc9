import { Button, refreshIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { EmptyNote, ErrorNote, Skeleton } from '../ui/notes';
import { useSignalState } from '../ui/useSignalState';
import { useWorkbench } from '../workbench';
import { EnvironmentRow } from './environmentRow';

/**
 * The list of environments in the side bar, in whatever state it is.
 */
export function EnvironmentsPanel(): JSX.Element {
  const { environments: model, trans } = useWorkbench();
  const { environments, error, hasMore, me, refreshing } = useSignalState(model);
  const count = environments?.length ?? 0;
  const refresh = () => void model.refresh();
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
          onClick={refresh}
        >
          <refreshIcon.react tag="span" elementSize="normal" />
        </Button>
      </div>
      {error !== null && (
        <ErrorNote
          lead={trans.__('The environments could not be read.')}
          error={error}
          onRetry={refresh}
          trans={trans}
        />
      )}
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
    </>
  );
}
