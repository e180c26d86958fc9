import * as React from 'react';

import type { Review } from '../api/schemas';
import { plain } from '../ui/plain';
import { Ago } from '../ui/time';
import { useWorkbench } from '../workbench';
import { reviewWord } from './words';

/** What was decided, by whom, when and why; or that nothing is yet. */
export function Verdict({ review }: { review: Review }): JSX.Element {
  const { trans } = useWorkbench();
  return (
    <div className={`jp-DataflowEnvs-verdict jp-mod-${review.state}`} role="status">
      <p>
        <strong>{reviewWord(review.state, trans)}</strong>
        {review.decided_by !== null && review.decided_at !== null && (
          <>
            {' · '}
            {plain(review.decided_by)}
            {' · '}
            <Ago at={review.decided_at} trans={trans} />
          </>
        )}
      </p>
      {review.comment && <blockquote>{plain(review.comment)}</blockquote>}
    </div>
  );
}
