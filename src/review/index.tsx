import * as React from 'react';

import type { Environment } from '../api/schemas';
import { useWorkbench } from '../workbench';

/** The latest review of an environment. */
export function EnvironmentReview({ environment }: { environment: Environment }): JSX.Element {
  const { trans } = useWorkbench();
  const { review } = environment;
  return review === null ? (
    <p>{trans.__('It was never submitted.')}</p>
  ) : (
    <p>
      {review.state} {review.comment}
    </p>
  );
}
