import * as React from 'react';

import { ErrorNote } from '../ui/notes';
import { plain } from '../ui/plain';
import { Ago } from '../ui/time';
import { useAnswer } from '../ui/useAnswer';
import { useWorkbench } from '../workbench';
import { reviewWord } from './words';

/** All reviews of one environment, newest first. `latest` changes with the newest of them. */
export function ReviewHistory(props: { shortName: string; latest: string }): JSX.Element | null {
  const { shortName, latest } = props;
  const { client, trans } = useWorkbench();
  const id = React.useId();
  const { value, error, again } = useAnswer(`${shortName} ${latest}`, () =>
    client.reviews({ environment: shortName })
  );
  if (error !== null) {
    return (
      <ErrorNote
        lead={trans.__('The earlier reviews could not be read.')}
        error={error}
        onRetry={again}
        trans={trans}
      />
    );
  }
  if (value === null || value.length === 0) {
    return null;
  }
  return (
    <section className="jp-DataflowEnvs-review" aria-labelledby={id}>
      <h3 id={id}>{trans.__('History of Reviews')}</h3>
      <ol className="jp-DataflowEnvs-history">
        {value.map(review => (
          <li key={review.id} className={`jp-mod-${review.state}`}>
            <p>
              <strong>{trans.__('Version %1', review.version)}</strong>
              {' · '}
              {reviewWord(review.state, trans)}
              {review.decided_at !== null && review.decided_by !== null && (
                <>
                  {' · '}
                  {plain(review.decided_by)}
                  {' · '}
                  <Ago at={review.decided_at} trans={trans} />
                </>
              )}
            </p>
            {review.comment && <blockquote>{plain(review.comment)}</blockquote>}
            <p className="jp-DataflowEnvs-soft">
              {trans.__('Submitted by %1', plain(review.submitted_by))}{' '}
              <Ago at={review.submitted_at} trans={trans} />
              {review.note && `: ${plain(review.note)}`}
            </p>
          </li>
        ))}
      </ol>
    </section>
  );
}
