import * as React from 'react';

import type { Version } from '../api/schemas';
import { ErrorNote, Skeleton } from '../ui/notes';
import { plain } from '../ui/plain';
import { useAnswer } from '../ui/useAnswer';
import { useWorkbench } from '../workbench';

export interface IBuildLogProps {
  shortName: string;
  version: number;
  attempts: Version['attempts'];
  outcome: Version['outcome'];
  reason: Version['reason'];
}

/** What the build of a version said. */
export function BuildLog({ shortName, version }: IBuildLogProps): JSX.Element {
  const { client, trans } = useWorkbench();
  const { value, error, again } = useAnswer(`${shortName}@${version}`, () =>
    client.log(shortName, version)
  );
  if (value !== null) {
    return (
      // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
      <pre tabIndex={0} role="region" aria-label={trans.__('Build log')}>
        {plain(value)}
      </pre>
    );
  }
  return error === null ? (
    <Skeleton trans={trans} />
  ) : (
    <ErrorNote
      lead={trans.__('The log could not be read.')}
      error={error}
      onRetry={again}
      trans={trans}
    />
  );
}
