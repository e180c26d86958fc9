import * as React from 'react';

import type { Version } from '../api/schemas';
import { Skeleton } from '../ui/notes';
import { useWorkbench } from '../workbench';
import type { LogOf } from './logStream';

export interface IBuildLogProps {
  of: LogOf;
  attempts: Version['attempts'];
  outcome: Version['outcome'];
  /** Why it failed. */
  reason: string | null;
}

const Viewer = React.lazy(() => import(/* webpackChunkName: "log" */ './buildLog'));

/**
 * The log of a version's build or of what is done with a Local environment, live while that goes on. It fills the height that it is given and is never lower than a
 * few lines. Its code comes when it is shown for the first time.
 */
export function BuildLog(props: IBuildLogProps): JSX.Element {
  const { trans } = useWorkbench();
  return (
    <React.Suspense fallback={<Skeleton trans={trans} />}>
      <Viewer {...props} />
    </React.Suspense>
  );
}
