import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { sizeWords } from '../ui/format';
import { useWorkbench } from '../workbench';
import { channelName, type ILibraryRow, type Plan } from './libraryRows';
import { newerKey } from './newer';
import { type ISorting, SortHead } from './sorting';
import { useRowsInSight } from './useRowsInSight';

type Column = 'name' | 'requested' | 'installed' | 'newest' | 'from' | 'origin' | 'size';

const ORIGIN_ORDER: readonly ILibraryRow['origin'][] = ['requested', 'base', 'added', 'dependency'];
const COLLATOR = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' });

export interface ILibraryTableProps {
  rows: readonly ILibraryRow[];
  /** Newest versions by `newerKey`; the column is there once they are known. */
  newer: ReadonlyMap<string, string> | null;
  origins: Record<ILibraryRow['origin'], string>;
}

function Table(props: ILibraryTableProps): JSX.Element {
  const { rows, newer, origins } = props;
  const { trans } = useWorkbench();
  const [sorting, setSorting] = React.useState<ISorting<Column>>({
    column: 'origin',
    descending: false
  });
  const sorted = React.useMemo(() => sortedRows(rows, sorting, newer), [rows, sorting, newer]);
  const body = React.useRef<HTMLTableSectionElement>(null);
  const sight = useRowsInSight(body, sorted.length);
  const draw = (index: number) => {
    const row = sorted[index];
    return (
      <LibraryRow
        key={`${row.manager} ${row.name}`}
        ref={sight?.measure}
        index={sight && index}
        row={row}
        origin={origins[row.origin]}
        newest={newer && (newer.get(newerKey(row)) ?? '')}
      />
    );
  };
  const head = (column: Column, label: string, className?: string) => (
    <SortHead {...{ column, label, sorting, className }} onSort={setSorting} />
  );
  return (
    <table
      className="jp-DataflowEnvs-table jp-DataflowEnvs-libraries"
      aria-label={trans.__('Libraries')}
      aria-rowcount={sight ? sorted.length + 1 : undefined}
    >
      <thead>
        <tr aria-rowindex={sight ? 1 : undefined}>
          {head('name', trans.__('Library'))}
          {head('requested', trans.__('Requested'))}
          {head('installed', trans.__('Installed'))}
          {newer && head('newest', trans.__('Newest'))}
          {head('from', trans.__('From'), 'jp-mod-wide')}
          {head('origin', trans.__('Origin'))}
          {head('size', trans.__('Size'), 'jp-mod-wide jp-mod-number')}
        </tr>
      </thead>
      <tbody ref={body}>
        {sight && <Blank height={sight.before} />}
        {(sight?.indexes ?? sorted.map((_, index) => index)).map(draw)}
        {sight && <Blank height={sight.after} />}
      </tbody>
      {sight && <Widths rows={rows} newer={newer} origins={origins} />}
    </table>
  );
}

/** One row a library, sorted by any column: what was asked for first, unless one wants another order. */
export const LibraryTable = React.memo(Table);

interface IRowProps {
  row: ILibraryRow;
  origin: string;
  newest: string | null;
  /** In a table of which not all rows are drawn. */
  index: number | null;
}

function Row(props: IRowProps, ref: React.Ref<HTMLTableRowElement>): JSX.Element {
  const { row, origin, newest, index } = props;
  const { trans } = useWorkbench();
  const { channel, installed, manager, name, plan, planned, requested, size } = row;
  return (
    <tr
      ref={ref}
      className={plan ? `jp-mod-${plan}` : undefined}
      data-index={index ?? undefined}
      aria-rowindex={index === null ? undefined : index + 2}
    >
      <th scope="row">{name}</th>
      <td>
        {requested !== null && <code>{requested}</code>}
        {requested !== null && planned !== null && ' → '}
        {planned !== null && <code>{planned}</code>}
        {requested === null && planned === null && <Nothing words={trans.__('not asked for')} />}
      </td>
      <td>
        {installed ?? <Nothing words={trans.__('not installed')} />}
        {plan && <span className="jp-DataflowEnvs-plan">{planWords(plan, trans)}</span>}
      </td>
      {newest !== null && (
        <td>
          {newest === '' ? (
            <Nothing words={trans.__('up to date')} />
          ) : (
            <>
              <span className="jp-DataflowEnvs-sign" aria-hidden="true">
                ↑
              </span>
              {newest}
            </>
          )}
        </td>
      )}
      <td className="jp-mod-wide" title={channel ?? undefined}>
        {manager}
        {channel && <span className="jp-DataflowEnvs-channel">{channelName(channel)}</span>}
      </td>
      <td>
        <span className={`jp-DataflowEnvs-origin jp-mod-${row.origin}`}>{origin}</span>
      </td>
      <td className="jp-mod-wide jp-mod-number">
        {size === null ? <Nothing words={trans.__('unknown')} /> : sizeWords(size, trans)}
      </td>
    </tr>
  );
}

const LibraryRow = React.memo(React.forwardRef(Row));

/** In place of the rows that are not drawn. */
function Blank({ height }: { height: number }): JSX.Element {
  return <tr aria-hidden="true" style={{ height }} />;
}

/** Keeps columns as wide as all rows need them, whichever are drawn: a row that takes no room, of the longest texts. */
function Widths({ rows, newer, origins }: ILibraryTableProps): JSX.Element {
  const texts = React.useMemo(() => {
    const longest = (textOf: (row: ILibraryRow) => string) =>
      rows.map(textOf).reduce((a, b) => (b.length > a.length ? b : a), '');
    return [
      longest(({ name }) => name),
      longest(({ requested, planned }) => [requested, planned].filter(Boolean).join(' → ')),
      longest(({ installed }) => installed ?? '—'),
      ...(newer ? [longest(row => newer.get(newerKey(row)) ?? '—')] : []),
      longest(({ manager, channel }) => `${manager} · ${channel ? channelName(channel) : ''}`),
      longest(({ origin }) => origins[origin])
    ];
  }, [rows, newer, origins]);
  return (
    <tfoot className="jp-DataflowEnvs-widths" aria-hidden="true">
      <tr>
        {texts.map((text, index) => (
          <td key={index} className={index === texts.length - 2 ? 'jp-mod-wide' : undefined}>
            {text}
          </td>
        ))}
      </tr>
    </tfoot>
  );
}

function Nothing({ words }: { words: string }): JSX.Element {
  return (
    <span className="jp-DataflowEnvs-nothing">
      <span aria-hidden="true">—</span>
      <span className="jp-DataflowEnvs-unseen">{words}</span>
    </span>
  );
}

function planWords(plan: Plan, trans: TranslationBundle): string {
  switch (plan) {
    case 'add':
      return trans.__('not built yet');
    case 'change':
      return trans.__('changes with the next build');
    case 'remove':
      return trans.__('goes with the next build');
  }
}

function sortedRows(
  rows: readonly ILibraryRow[],
  { column, descending }: ISorting<Column>,
  newer: ILibraryTableProps['newer']
): ILibraryRow[] {
  const text = (row: ILibraryRow): string => {
    switch (column) {
      case 'name':
        return row.name;
      case 'requested':
        return row.requested ?? '';
      case 'installed':
        return row.installed ?? '';
      case 'newest':
        return newer?.get(newerKey(row)) ?? '';
      case 'from':
        return `${row.manager} ${row.channel ?? ''}`;
      case 'origin':
      case 'size':
        return '';
    }
  };
  const compare = (a: ILibraryRow, b: ILibraryRow): number => {
    if (column === 'size') {
      return (a.size ?? -1) - (b.size ?? -1);
    }
    if (column === 'origin') {
      return ORIGIN_ORDER.indexOf(a.origin) - ORIGIN_ORDER.indexOf(b.origin);
    }
    const [left, right] = [text(a), text(b)];
    // What has nothing there comes last.
    return Number(left === '') - Number(right === '') || COLLATOR.compare(left, right);
  };
  const direction = descending ? -1 : 1;
  return [...rows].sort((a, b) => direction * compare(a, b) || COLLATOR.compare(a.name, b.name));
}
