import * as React from 'react';

import type { LocalPackage } from '../../api/schemas';
import { channelName } from '../../detail/libraryRows';
import { type ISorting, SortHead } from '../../detail/sorting';
import { useRowsInSight } from '../../detail/useRowsInSight';
import { plain } from '../../ui/plain';
import { useWorkbench } from '../../workbench';

type Column = 'name' | 'version' | 'manager' | 'channel';

const COLLATOR = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' });

function Table({ packages }: { packages: readonly LocalPackage[] }): JSX.Element {
  const { trans } = useWorkbench();
  const [sorting, setSorting] = React.useState<ISorting<Column>>({
    column: 'name',
    descending: false
  });
  const sorted = React.useMemo(() => sortedBy(packages, sorting), [packages, sorting]);
  const body = React.useRef<HTMLTableSectionElement>(null);
  const sight = useRowsInSight(body, sorted.length);
  const draw = (index: number) => {
    const one = sorted[index];
    return (
      <PackageRow
        key={`${one.manager} ${one.name}`}
        ref={sight?.measure}
        index={sight && index}
        of={one}
      />
    );
  };
  const head = (column: Column, label: string, className?: string) => (
    <SortHead {...{ column, label, sorting, className }} onSort={setSorting} />
  );
  return (
    <table
      className="jp-DataflowEnvs-table jp-DataflowEnvs-libraries"
      aria-label={trans.__('Packages')}
      aria-rowcount={sight ? sorted.length + 1 : undefined}
    >
      <thead>
        <tr aria-rowindex={sight ? 1 : undefined}>
          {head('name', trans.__('Package'))}
          {head('version', trans.__('Version'))}
          {head('manager', trans.__('Manager'))}
          {head('channel', trans.__('Channel'), 'jp-mod-wide')}
        </tr>
      </thead>
      <tbody ref={body}>
        {sight && <tr aria-hidden="true" style={{ height: sight.before }} />}
        {(sight?.indexes ?? sorted.map((_, index) => index)).map(draw)}
        {sight && <tr aria-hidden="true" style={{ height: sight.after }} />}
      </tbody>
      {sight && <Widths packages={packages} />}
    </table>
  );
}

export const PackageTable = React.memo(Table);

interface IRowProps {
  of: LocalPackage;
  /** In a table of which not all rows are drawn. */
  index: number | null;
}

/** Where it can't be reproduced, why not. */
function Row({ of, index }: IRowProps, ref: React.Ref<HTMLTableRowElement>): JSX.Element {
  const { build, channel, manager, name, unreproducible, version } = of;
  return (
    <tr
      ref={ref}
      data-index={index ?? undefined}
      aria-rowindex={index === null ? undefined : index + 2}
    >
      <th scope="row">
        <bdi>{plain(name)}</bdi>
        {unreproducible !== null && (
          <span className="jp-DataflowEnvs-unreproducible">
            <bdi>{plain(unreproducible)}</bdi>
          </span>
        )}
      </th>
      <td title={build ? plain(build) : undefined}>
        <bdi>{plain(version)}</bdi>
      </td>
      <td>{manager}</td>
      <td className="jp-mod-wide" title={channel ? plain(channel) : undefined}>
        <bdi>{plain(channelName(channel))}</bdi>
      </td>
    </tr>
  );
}

// Reading them anew brings equal ones as new objects.
const PackageRow = React.memo(
  React.forwardRef(Row),
  (before, after) =>
    before.index === after.index &&
    before.of.version === after.of.version &&
    before.of.build === after.of.build &&
    before.of.channel === after.of.channel &&
    before.of.unreproducible === after.of.unreproducible
);

/** Keeps columns as wide as all rows need them, whichever are drawn: a row that takes no room, of the longest texts. */
function Widths({ packages }: { packages: readonly LocalPackage[] }): JSX.Element {
  const texts = React.useMemo(() => {
    const longest = (textOf: (one: LocalPackage) => string) =>
      packages.map(textOf).reduce((a, b) => (b.length > a.length ? b : a), '');
    return [
      longest(({ name }) => name),
      longest(({ version }) => version),
      longest(({ manager }) => manager),
      longest(({ channel }) => channelName(channel))
    ];
  }, [packages]);
  return (
    <tfoot className="jp-DataflowEnvs-widths" aria-hidden="true">
      <tr>
        {texts.map((text, index) => (
          <td key={index} className={index === 3 ? 'jp-mod-wide' : undefined}>
            {plain(text)}
          </td>
        ))}
      </tr>
    </tfoot>
  );
}

function sortedBy(
  packages: readonly LocalPackage[],
  { column, descending }: ISorting<Column>
): LocalPackage[] {
  const direction = descending ? -1 : 1;
  return [...packages].sort(
    (a, b) =>
      direction *
      // What has nothing there comes last.
      (Number(a[column] === '') - Number(b[column] === '') ||
        COLLATOR.compare(a[column], b[column]) ||
        COLLATOR.compare(a.name, b.name))
  );
}
