import * as React from 'react';

import type { Local, LocalPackage } from '../../api/schemas';
import { Blank } from '../../detail/blanks';
import { useWorkbench } from '../../workbench';
import { PackageTable } from './packageTable';

/** What is installed, by whatever tool. */
export function Packages(props: { local: Local; packages: readonly LocalPackage[] }): JSX.Element {
  const { local, packages } = props;
  const { trans } = useWorkbench();
  const [filter, setFilter] = React.useState('');
  const [onlyMarked, setOnlyMarked] = React.useState(false);
  // The field answers at once, the table when there is time.
  const sought = React.useDeferredValue(filter.trim().toLowerCase());
  const marked = packages.filter(({ unreproducible }) => unreproducible !== null).length;
  const chosen = React.useMemo(
    () =>
      packages.filter(
        ({ channel, manager, name, unreproducible, version }) =>
          (!onlyMarked || unreproducible !== null) &&
          [name, version, manager, channel, unreproducible].some(text =>
            text?.toLowerCase().includes(sought)
          )
      ),
    [packages, onlyMarked, sought]
  );
  if (packages.length === 0) {
    return (
      <Blank
        lead={trans.__('Nothing is installed.')}
        text={
          local.status === 'In Progress'
            ? trans.__('Its packages are listed here when it is ready.')
            : (local.reason ?? trans.__('It holds nothing but Python.'))
        }
      />
    );
  }
  return (
    <>
      <div className="jp-DataflowEnvs-tools">
        <input
          type="search"
          className="jp-mod-styled jp-DataflowEnvs-filter"
          placeholder={trans.__('Filter packages')}
          aria-label={trans.__('Filter packages')}
          value={filter}
          onChange={event => setFilter(event.target.value)}
        />
        {marked > 0 && (
          <button
            type="button"
            className="jp-DataflowEnvs-chip"
            aria-pressed={onlyMarked}
            onClick={() => setOnlyMarked(!onlyMarked)}
          >
            {trans.__('Can’t be reproduced')} <span>{marked}</span>
          </button>
        )}
      </div>
      <p className="jp-DataflowEnvs-tally" role="status">
        {chosen.length === packages.length
          ? trans._n('%1 package', '%1 packages', packages.length)
          : trans.__('%1 of %2 packages', chosen.length, packages.length)}
      </p>
      {chosen.length > 0 ? (
        <PackageTable packages={chosen} />
      ) : (
        <p className="jp-DataflowEnvs-none">
          {trans.__('No package fits.')}{' '}
          <button
            type="button"
            className="jp-DataflowEnvs-link"
            onClick={() => {
              setFilter('');
              setOnlyMarked(false);
            }}
          >
            {trans.__('Show all')}
          </button>
        </p>
      )}
    </>
  );
}
