import { addIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import type { Local } from '../api/schemas';
import { ActionButton } from '../ui/actionButton';
import { ErrorNote, Skeleton } from '../ui/notes';
import { useSignalState } from '../ui/useSignalState';
import { useWorkbench } from '../workbench';
import { filteredLocals } from './localFilter';
import { localHeight, LocalRow } from './localRow';
import { Section } from './section';
import { useCurrent } from './useCurrent';
import { VirtualRows } from './virtualRows';
import { LocalCommandIDs } from '../local/commandIds';

const idOf = ({ id }: Local) => id;

/** The Local environments of this Jupyter server: made here, and found on the machine. */
export function LocalSection(props: {
  query: string;
  collapsed: boolean;
  onToggle: (id: string) => void;
}): JSX.Element {
  const { query, collapsed, onToggle } = props;
  const workbench = useWorkbench();
  const { commands, local: model, trans } = workbench;
  const { error: read, locals } = useSignalState(model);
  const { error: above } = useSignalState(workbench.environments);
  // A server that does not answer is said once, on top.
  const error = above === null ? read : null;
  const current = useCurrent(workbench, 'currentLocal');
  const shown = React.useMemo(
    () => filteredLocals(locals ?? [], query, trans),
    [locals, query, trans]
  );
  const isFiltering = query.trim() !== '';
  const total = locals?.length ?? 0;
  return (
    <Section
      id="local"
      rank="second"
      collapsed={collapsed}
      onToggle={onToggle}
      title={trans.__('Local Environments')}
      count={locals === null ? undefined : isFiltering ? `${shown.length}/${total}` : `${total}`}
      action={
        <ActionButton
          iconOnly
          label={trans.__('New Local Environment')}
          icon={addIcon}
          onClick={() => void commands.execute(LocalCommandIDs.create)}
        />
      }
    >
      {error !== null && (
        <ErrorNote
          lead={trans.__('The Local environments could not be read.')}
          error={error}
          onRetry={() => void model.refresh()}
          trans={trans}
        />
      )}
      {locals === null && read === null && <Skeleton trans={trans} />}
      {locals !== null && shown.length === 0 && (
        <p className="jp-DataflowEnvs-cut">
          {total > 0
            ? trans.__('None matches.')
            : trans.__(
                'None yet. Create one with +, or copy a Dataflow environment: it is yours to change.'
              )}
        </p>
      )}
      {shown.length > 0 && (
        <VirtualRows
          label={trans.__('Local Environments')}
          items={shown}
          keyOf={idOf}
          heightOf={localHeight}
          draw={(local, isStop) => (
            <LocalRow local={local} isStop={isStop} isCurrent={local.id === current} />
          )}
          onFocusRow={({ id }) => {
            workbench.currentLocal = id;
          }}
        />
      )}
    </Section>
  );
}
