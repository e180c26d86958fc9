import * as React from 'react';

import type { Environment } from '../api/schemas';
import { ErrorNote, Skeleton } from '../ui/notes';
import { useSignalState } from '../ui/useSignalState';
import { useWorkbench } from '../workbench';
import { EnvironmentRow, rowHeight } from './environmentRow';
import { filtered } from './filter';
import { LocalSection } from './localSection';
import { EmptyNote, LostNote, NoMatch } from './notes';
import { PanelHeader } from './panelHeader';
import { rowMenus } from './rowMenus';
import { Section } from './section';
import { useCollapsed } from './useCollapsed';
import { useCurrent } from './useCurrent';
import { useFileDrop } from './useFileDrop';
import { useServerSearch } from './useServerSearch';
import { VirtualRows } from './virtualRows';

const nameOf = (environment: Environment) => environment.short_name;

/**
 * The side panel: all environments by sections, in whatever state they are.
 */
export function EnvironmentsPanel(): JSX.Element {
  const workbench = useWorkbench();
  const { client, environments: model, trans } = workbench;
  const { environments, error, hasMore, live, me, refreshing } = useSignalState(model);
  const current = useCurrent(workbench, 'current');
  const menus = React.useMemo(() => rowMenus(workbench), [workbench]);
  const [query, setQuery] = React.useState('');
  const [isCollapsed, toggle] = useCollapsed(client.settings.baseUrl);
  const [isOver, dropping] = useFileDrop(workbench);
  const found = useServerSearch(model, query, hasMore);
  const node = React.useRef<HTMLDivElement>(null);

  const shown = React.useMemo(() => {
    const here = filtered(environments ?? [], query, trans);
    if (found.size === 0) {
      return here;
    }
    const names = new Set(here.map(nameOf));
    return (environments ?? []).filter(
      ({ short_name }) => names.has(short_name) || found.has(short_name)
    );
  }, [environments, found, query, trans]);
  const waiting = React.useMemo(
    () => shown.filter(({ status }) => status === 'Pending Approval'),
    [shown]
  );

  const isFiltering = query.trim() !== '';
  const total = environments?.length ?? 0;
  const more = hasMore ? '+' : '';
  const focusList = () => node.current?.querySelector<HTMLElement>('[data-row-focus]')?.focus();
  const row = (environment: Environment, isStop: boolean, isReview = false) => (
    <EnvironmentRow
      environment={environment}
      mine={me === null || environment.owner === me.name}
      isStop={isStop}
      isCurrent={environment.short_name === current}
      isReview={isReview}
      menus={menus}
    />
  );
  const onFocusRow = ({ short_name }: Environment) => {
    workbench.current = short_name;
  };
  const section = (id: string) => ({ id, collapsed: isCollapsed(id), onToggle: toggle });
  return (
    <div ref={node} className="jp-DataflowEnvs-panel" {...dropping}>
      <PanelHeader
        query={query}
        onQuery={setQuery}
        refreshing={refreshing}
        outcome={isFiltering ? trans.__('%1 of %2 environments', shown.length, total) : ''}
        onLeave={focusList}
      />
      {/* An error says the same, and more. */}
      <LostNote live={live || error !== null} />
      {error !== null && (
        <ErrorNote
          lead={
            environments === null
              ? trans.__('The environments could not be read.')
              : trans.__('The list may be out of date.')
          }
          error={error}
          onRetry={() => void model.refresh()}
          trying={!live}
          trans={trans}
        />
      )}
      <Section
        {...section('dataflow')}
        rank="main"
        title={trans.__('Dataflow Environments')}
        count={
          environments === null
            ? undefined
            : isFiltering
              ? `${shown.length}/${total}${more}`
              : `${total}${more}`
        }
      >
        {environments === null && error === null && <Skeleton trans={trans} />}
        {environments !== null && total === 0 && <EmptyNote />}
        {total > 0 && shown.length === 0 && <NoMatch query={query} onClear={() => setQuery('')} />}
        {shown.length > 0 && (
          <VirtualRows
            label={trans.__('Dataflow Environments')}
            items={shown}
            keyOf={nameOf}
            heightOf={rowHeight}
            draw={row}
            onFocusRow={onFocusRow}
          />
        )}
        {hasMore && !isFiltering && (
          <p className="jp-DataflowEnvs-cut">
            {trans.__('These are the first %1. Use the filter to find others.', total)}
          </p>
        )}
      </Section>
      <LocalSection query={query} collapsed={isCollapsed('local')} onToggle={toggle} />
      {me?.is_admin && environments !== null && (
        <Section
          {...section('waiting')}
          title={trans.__('Waiting for approval')}
          count={String(waiting.length)}
        >
          {waiting.length > 0 ? (
            <VirtualRows
              label={trans.__('Waiting for approval')}
              items={waiting}
              keyOf={nameOf}
              heightOf={rowHeight}
              draw={(environment, isStop) => row(environment, isStop, true)}
              onFocusRow={onFocusRow}
            />
          ) : (
            <p className="jp-DataflowEnvs-cut">{trans.__('Nothing waits.')}</p>
          )}
        </Section>
      )}
      {isOver && (
        <div className="jp-DataflowEnvs-dropHint">
          {trans.__('Drop an environment.yml or requirements.txt to import it')}
        </div>
      )}
    </div>
  );
}
