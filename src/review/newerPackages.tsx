import { searchIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { ActionButton } from '../ui/actionButton';
import { ColumnHeads } from '../ui/columnHeads';
import { ErrorNote } from '../ui/notes';
import { useAnswer } from '../ui/useAnswer';
import { useWorkbench } from '../workbench';

/** Packages of which the channels hold a newer version; asked for on demand, because that takes a while. */
export function NewerPackages(props: { shortName: string; version: number }): JSX.Element {
  const { trans } = useWorkbench();
  const [wanted, setWanted] = React.useState(false);
  return wanted ? (
    <Found {...props} />
  ) : (
    <ActionButton
      label={trans.__('Look for Newer Versions')}
      icon={searchIcon}
      onClick={() => setWanted(true)}
    />
  );
}

function Found({ shortName, version }: { shortName: string; version: number }): JSX.Element {
  const { client, trans } = useWorkbench();
  const { value, error, again } = useAnswer(`${shortName}@${version}`, () =>
    client.newer(shortName, version)
  );
  if (error !== null) {
    return (
      <ErrorNote
        lead={trans.__('Channels and indexes could not be asked.')}
        error={error}
        onRetry={again}
        trans={trans}
      />
    );
  }
  if (value === null) {
    return (
      <p role="status" className="jp-DataflowEnvs-soft">
        {trans.__('Asking the channels and indexes…')}
      </p>
    );
  }
  if (value.length === 0) {
    return (
      <p role="status" className="jp-DataflowEnvs-soft">
        {trans.__('There is nothing newer.')}
      </p>
    );
  }
  return (
    <table className="jp-DataflowEnvs-table" aria-label={trans.__('Newer versions')}>
      <ColumnHeads of={[trans.__('Library'), trans.__('Here'), trans.__('Newest')]} />
      <tbody>
        {value.map(({ name, manager, version: here, newest }) => (
          <tr key={`${manager}:${name}`}>
            <th scope="row">
              {name} <span className="jp-DataflowEnvs-soft">{manager}</span>
            </th>
            <td>{here}</td>
            <td>{newest}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
