import * as React from 'react';

import type { Package } from '../api/schemas';
import { ColumnHeads } from '../ui/columnHeads';
import { FilterInput } from '../ui/filterInput';
import { sizeWords } from '../ui/format';
import { plain } from '../ui/plain';
import { useWorkbench } from '../workbench';

/** What was asked for, or all that is installed, with a filter. */
export function ReviewedPackages({ packages }: { packages: readonly Package[] }): JSX.Element {
  const { trans } = useWorkbench();
  const [all, setAll] = React.useState(false);
  const [filter, setFilter] = React.useState('');
  const requested = packages.filter(({ requested: line }) => line !== null);
  const wanted = filter.trim().toLowerCase();
  const shown = (all ? packages : requested).filter(({ name }) =>
    name.toLowerCase().includes(wanted)
  );
  const choices = [
    { all: false, label: trans.__('Requested (%1)', requested.length) },
    { all: true, label: trans.__('All (%1)', packages.length) }
  ];
  return (
    <>
      <div className="jp-DataflowEnvs-tools">
        <div
          role="group"
          aria-label={trans.__('Which libraries')}
          className="jp-DataflowEnvs-segments"
        >
          {choices.map(choice => (
            <button
              key={String(choice.all)}
              type="button"
              aria-pressed={choice.all === all}
              onClick={() => setAll(choice.all)}
            >
              {choice.label}
            </button>
          ))}
        </div>
        <FilterInput label={trans.__('Filter libraries')} value={filter} onChange={setFilter} />
      </div>
      {shown.length === 0 ? (
        <p className="jp-DataflowEnvs-soft">
          {wanted ? trans.__('No library has this in its name.') : trans.__('None was asked for.')}
        </p>
      ) : (
        <table className="jp-DataflowEnvs-table" aria-label={trans.__('Libraries')}>
          <ColumnHeads
            of={[
              trans.__('Library'),
              trans.__('Requested'),
              trans.__('Installed'),
              trans.__('From'),
              { label: trans.__('Size'), className: 'jp-mod-number' }
            ]}
          />
          <tbody>
            {shown.map(found => (
              <tr key={`${found.manager}:${found.name}`}>
                <th scope="row">{found.name}</th>
                <td>
                  {found.requested === null ? originWord(found, trans) : plain(found.requested)}
                </td>
                <td title={found.build}>{found.version}</td>
                <td title={plain(found.channel)}>{found.manager}</td>
                <td className="jp-mod-number">
                  {found.size === null ? '–' : sizeWords(found.size, trans)}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </>
  );
}

function originWord(
  { origin }: Package,
  trans: ReturnType<typeof useWorkbench>['trans']
): JSX.Element {
  const words: Record<Package['origin'], string> = {
    requested: trans.__('requested'),
    added: trans.__('added by us'),
    dependency: trans.__('dependency'),
    base: trans.__('of the base')
  };
  return <span className="jp-DataflowEnvs-soft">{words[origin]}</span>;
}
