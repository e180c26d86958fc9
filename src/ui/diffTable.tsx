import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { Package, PackageChange } from '../api/schemas';
import { ColumnHeads } from './columnHeads';
import { plain } from './plain';

type Named = Pick<Package, 'name' | 'manager' | 'version'>;

/** What differs between two lists of packages. */
export interface IDiff {
  readonly added: readonly Named[];
  readonly removed: readonly Named[];
  readonly changed: readonly PackageChange[];
  /** Or how many, where nobody shows them. */
  readonly unchanged: readonly Named[] | number;
}

interface IChange {
  name: string;
  manager: string;
  kind: 'added' | 'removed' | 'up' | 'down' | 'rebuilt' | 'unchanged';
  left: string;
  right: string;
}

const SIGN: Record<IChange['kind'], string> = {
  added: '+',
  removed: '−',
  up: '↑',
  down: '↓',
  rebuilt: '≈',
  unchanged: '='
};

/** What changes between two lists of packages: one row a package, by name; what stays is shown when one asks for it. */
export function DiffTable(props: {
  diff: IDiff;
  label: string;
  trans: TranslationBundle;
}): JSX.Element {
  const { diff, label, trans } = props;
  const [all, setAll] = React.useState(false);
  const changes = React.useMemo(() => changesOf(diff, all), [diff, all]);
  const same = typeof diff.unchanged === 'number' ? 0 : diff.unchanged.length;
  const word: Record<IChange['kind'], string> = {
    added: trans.__('added'),
    removed: trans.__('removed'),
    up: trans.__('up'),
    down: trans.__('down'),
    rebuilt: trans.__('other build'),
    unchanged: trans.__('unchanged')
  };
  return (
    <>
      <div className="jp-DataflowEnvs-diffSummary">
        <span role="status">{diffWords(diff, trans)}</span>
        {same > 0 && (
          <button
            type="button"
            className="jp-DataflowEnvs-link"
            aria-expanded={all}
            onClick={() => setAll(!all)}
          >
            {all
              ? trans.__('Hide unchanged')
              : trans._n('Show %1 unchanged', 'Show %1 unchanged', same)}
          </button>
        )}
      </div>
      {changes.length > 0 && (
        <table className="jp-DataflowEnvs-table" aria-label={label}>
          <ColumnHeads
            of={[trans.__('Library'), trans.__('Change'), trans.__('Before'), trans.__('After')]}
          />
          <tbody>
            {changes.map(({ name, manager, kind, left, right }) => (
              <tr key={`${manager}:${name}`} className={`jp-mod-${kind}`}>
                <th scope="row">{plain(name)}</th>
                <td>
                  <span className="jp-DataflowEnvs-sign" aria-hidden="true">
                    {SIGN[kind]}
                  </span>
                  {word[kind]}
                </td>
                <td>{plain(left)}</td>
                <td>{plain(right)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </>
  );
}

/** Such as "2 added, 1 removed, 3 up, 41 unchanged". */
export function diffWords(diff: IDiff, trans: TranslationBundle): string {
  const up = diff.changed.filter(({ direction }) => direction === 'up').length;
  const down = diff.changed.filter(({ direction }) => direction === 'down').length;
  const rebuilt = diff.changed.length - up - down;
  const parts = [
    diff.added.length > 0 && trans.__('%1 added', diff.added.length),
    diff.removed.length > 0 && trans.__('%1 removed', diff.removed.length),
    up > 0 && trans.__('%1 up', up),
    down > 0 && trans.__('%1 down', down),
    rebuilt > 0 && trans.__('%1 in another build', rebuilt)
  ].filter(Boolean);
  const unchanged = trans.__(
    '%1 unchanged',
    typeof diff.unchanged === 'number' ? diff.unchanged : diff.unchanged.length
  );
  return parts.length > 0
    ? [...parts, unchanged].join(', ')
    : trans.__('No difference: %1.', unchanged);
}

function changesOf(diff: IDiff, all: boolean): IChange[] {
  return [
    ...diff.added.map(({ name, manager, version }) => ({
      name,
      manager,
      kind: 'added' as const,
      left: '',
      right: version
    })),
    ...diff.removed.map(({ name, manager, version }) => ({
      name,
      manager,
      kind: 'removed' as const,
      left: version,
      right: ''
    })),
    ...diff.changed.map(({ name, manager, left, right, direction }) => ({
      name,
      manager,
      kind: direction,
      left,
      right
    })),
    ...(all && typeof diff.unchanged !== 'number' ? diff.unchanged : []).map(
      ({ name, manager, version }) => ({
        name,
        manager,
        kind: 'unchanged' as const,
        left: version,
        right: version
      })
    )
  ].sort((a, b) => a.name.localeCompare(b.name));
}
