import { caretDownIcon, caretUpIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { FilterInput } from '../../ui/filterInput';
import { ErrorNote, Skeleton } from '../../ui/notes';
import { useAnswer } from '../../ui/useAnswer';
import { useHappenings } from '../../ui/useHappenings';
import { useSignalState } from '../../ui/useSignalState';
import { useWorkbench } from '../../workbench';
import { PublishedRow } from './publishedRow';
import {
  type Column,
  inOrder,
  type IOrder,
  isNamed,
  isOfKind,
  type Kind,
  publishedRows
} from './publishedRows';

const CHANGES = [
  'review.approved',
  'policy.changed',
  'environment.unpublished',
  'environment.deleted'
] as const;
/** Rows drawn at first, and more each time somebody asks. */
const STEP = 100;

/** What everybody can use: who uses it, and what administrators do about it. */
export function Published(): JSX.Element {
  const { client, environments: model, events, trans } = useWorkbench();
  const { environments, error, hasMore } = useSignalState(model);
  const happened = useHappenings(events, CHANGES);
  const approved = useAnswer(`approved ${happened}`, () => client.reviews({ state: 'approved' }));
  const violating = useAnswer(`violating ${happened}`, () => client.violating());
  const [kind, setKind] = React.useState<Kind>('all');
  const [filter, setFilter] = React.useState('');
  const [order, setOrder] = React.useState<IOrder>({ column: 'name', descending: false });
  const [most, setMost] = React.useState(STEP);
  const rows = React.useMemo(
    () => publishedRows(environments ?? [], approved.value ?? [], violating.value ?? []),
    [environments, approved.value, violating.value]
  );
  const shown = React.useMemo(
    () =>
      inOrder(
        rows.filter(row => isOfKind(row, kind) && isNamed(row, filter)),
        order
      ),
    [rows, kind, filter, order]
  );
  const failed = error ?? approved.error ?? violating.error;
  const retry = () => {
    void model.refresh();
    approved.again();
    violating.again();
  };
  const kinds: { kind: Kind; label: string }[] = [
    { kind: 'all', label: trans.__('All') },
    { kind: 'unused', label: trans.__('Unused') },
    { kind: 'violating', label: trans.__('Against the Policy') },
    { kind: 'deprecated', label: trans.__('Deprecated') }
  ];
  const columns: { column: Column; label: string; className?: string }[] = [
    { column: 'name', label: trans.__('Environment') },
    { column: 'owner', label: trans.__('Owner') },
    { column: 'published', label: trans.__('Published') },
    { column: 'people', label: trans.__('People'), className: 'jp-mod-number' },
    { column: 'started', label: trans.__('Last Started') }
  ];
  return (
    <>
      {failed !== null && (
        <ErrorNote
          lead={trans.__('What is published could not be read.')}
          error={failed}
          onRetry={retry}
          trans={trans}
        />
      )}
      {environments === null && failed === null && <Skeleton trans={trans} />}
      {environments !== null && rows.length === 0 && (
        <div className="jp-DataflowEnvs-message">
          <p className="jp-DataflowEnvs-lead">{trans.__('Nothing is published yet.')}</p>
          <p>{trans.__('Environments appear here once a submission was approved.')}</p>
        </div>
      )}
      {rows.length > 0 && (
        <>
          <div className="jp-DataflowEnvs-tools">
            <div
              role="group"
              aria-label={trans.__('Which environments')}
              className="jp-DataflowEnvs-segments"
            >
              {kinds.map(choice => (
                <button
                  key={choice.kind}
                  type="button"
                  aria-pressed={choice.kind === kind}
                  onClick={() => setKind(choice.kind)}
                >
                  {choice.label}{' '}
                  <span className="jp-DataflowEnvs-amount">
                    {rows.filter(row => isOfKind(row, choice.kind)).length}
                  </span>
                </button>
              ))}
            </div>
            <FilterInput
              label={trans.__('Filter by name or owner')}
              value={filter}
              onChange={setFilter}
            />
          </div>
          {hasMore && (
            <p className="jp-DataflowEnvs-soft">
              {trans.__('There are more environments than are listed here.')}
            </p>
          )}
          {shown.length === 0 ? (
            <p className="jp-DataflowEnvs-soft" role="status">
              {trans.__('No published environment is like that.')}
            </p>
          ) : (
            <table
              className="jp-DataflowEnvs-table jp-DataflowEnvs-published"
              aria-label={trans.__('Published environments')}
            >
              <thead>
                <tr>
                  {columns.map(({ column, label, className }) => (
                    <th
                      key={column}
                      scope="col"
                      className={className}
                      aria-sort={
                        order.column !== column
                          ? undefined
                          : order.descending
                            ? 'descending'
                            : 'ascending'
                      }
                    >
                      <button
                        type="button"
                        onClick={() =>
                          setOrder({
                            column,
                            descending: order.column === column && !order.descending
                          })
                        }
                      >
                        {label}
                        {order.column === column &&
                          (order.descending ? (
                            <caretDownIcon.react tag="span" aria-hidden="true" />
                          ) : (
                            <caretUpIcon.react tag="span" aria-hidden="true" />
                          ))}
                      </button>
                    </th>
                  ))}
                  <th scope="col">{trans.__('Actions')}</th>
                </tr>
              </thead>
              {shown.slice(0, most).map(row => (
                <PublishedRow key={row.environment.short_name} row={row} />
              ))}
            </table>
          )}
          {shown.length > most && (
            <button
              type="button"
              className="jp-mod-styled jp-DataflowEnvs-moreRows"
              onClick={() => setMost(most + STEP)}
            >
              {trans.__('Show More (%1)', shown.length - most)}
            </button>
          )}
        </>
      )}
    </>
  );
}
