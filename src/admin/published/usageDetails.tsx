import * as React from 'react';

import type { Environment } from '../../api/schemas';
import { ColumnHeads } from '../../ui/columnHeads';
import { ErrorNote, Skeleton } from '../../ui/notes';
import { plain } from '../../ui/plain';
import { Ago } from '../../ui/time';
import { useAnswer } from '../../ui/useAnswer';
import { useWorkbench } from '../../workbench';

/** Who has it active, how many kernels run, and what is based on it. */
export function UsageDetails({ environment }: { environment: Environment }): JSX.Element {
  const { client, trans } = useWorkbench();
  const { short_name: shortName, usage: counted } = environment;
  const { value, error, again } = useAnswer(
    `${shortName} ${counted.active_people} ${counted.last_started}`,
    () => client.usage(shortName)
  );
  if (error !== null) {
    return (
      <ErrorNote
        lead={trans.__('Who uses it could not be read.')}
        error={error}
        onRetry={again}
        trans={trans}
      />
    );
  }
  if (value === null) {
    return <Skeleton trans={trans} />;
  }
  const now = Date.now();
  const { activations, based_on_it: children, running_kernels: kernels } = value;
  return (
    <>
      <p>
        {trans._n('%1 kernel runs here.', '%1 kernels run here.', kernels)}{' '}
        {children.length === 0
          ? trans.__('Nothing is based on it.')
          : trans.__('Based on it: %1.', children.join(', '))}
      </p>
      {activations.length === 0 ? (
        <p>{trans.__('Nobody has it active.')}</p>
      ) : (
        <table
          className="jp-DataflowEnvs-table"
          aria-label={trans.__('People who have %1 active', shortName)}
        >
          <ColumnHeads
            of={[
              trans.__('Person'),
              trans.__('Active'),
              trans.__('Last Started'),
              trans.__('Notebook Server')
            ]}
          />
          <tbody>
            {activations.map(({ person, since, last_started, leased_until, draft }) => (
              <tr key={`${person} ${since} ${draft}`}>
                <th scope="row">
                  {plain(person)} {draft && <em>{trans.__('(tries the draft)')}</em>}
                </th>
                <td>
                  <Ago at={since} trans={trans} />
                </td>
                <td>
                  {last_started === null ? (
                    trans.__('never')
                  ) : (
                    <Ago at={last_started} trans={trans} />
                  )}
                </td>
                <td>{Date.parse(leased_until) > now ? trans.__('runs') : trans.__('gone')}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </>
  );
}
