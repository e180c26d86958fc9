import * as React from 'react';

import type { LocalPackage } from '../../api/schemas';
import { channelName } from '../../detail/libraryRows';
import { type ISorting, SortHead } from '../../detail/sorting';
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
  const head = (column: Column, label: string, className?: string) => (
    <SortHead {...{ column, label, sorting, className }} onSort={setSorting} />
  );
  return (
    <table
      className="jp-DataflowEnvs-table jp-DataflowEnvs-libraries"
      aria-label={trans.__('Packages')}
    >
      <thead>
        <tr>
          {head('name', trans.__('Package'))}
          {head('version', trans.__('Version'))}
          {head('manager', trans.__('Manager'))}
          {head('channel', trans.__('Channel'), 'jp-mod-wide')}
        </tr>
      </thead>
      <tbody>
        {sorted.map(one => (
          <PackageRow key={`${one.manager} ${one.name}`} of={one} />
        ))}
      </tbody>
    </table>
  );
}

export const PackageTable = React.memo(Table);

/** Where it can't be reproduced, why not. */
function Row({ of }: { of: LocalPackage }): JSX.Element {
  const { build, channel, manager, name, unreproducible, version } = of;
  return (
    <tr>
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
  Row,
  ({ of: a }, { of: b }) =>
    a.version === b.version &&
    a.build === b.build &&
    a.channel === b.channel &&
    a.unreproducible === b.unreproducible
);

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
