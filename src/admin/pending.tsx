import { caretLeftIcon, checkIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import type { Review } from '../api/schemas';
import { ReviewView } from '../review/reviewView';
import { ActionButton } from '../ui/actionButton';
import { ErrorNote, Skeleton } from '../ui/notes';
import { plain } from '../ui/plain';
import { Ago } from '../ui/time';
import type { IAnswer } from '../ui/useAnswer';
import { useSignalState } from '../ui/useSignalState';
import { useWorkbench } from '../workbench';

/** What waits for approval, or the one of it that was chosen. */
export function Pending(props: {
  reviews: IAnswer<Review[]>;
  /** The id of the one that is looked at. */
  review: string | null;
  onChoose: (review: string | null) => void;
}): JSX.Element {
  const { reviews, review, onChoose } = props;
  const { trans } = useWorkbench();
  // Back from a review, the keyboard goes on where it was.
  const last = React.useRef<string | null>(null);
  if (review !== null) {
    last.current = review;
    return (
      <>
        <div className="jp-DataflowEnvs-back">
          <ActionButton
            label={trans.__('Back to Pending')}
            icon={caretLeftIcon}
            onClick={() => onChoose(null)}
          />
        </div>
        <ReviewView key={review} id={review} />
      </>
    );
  }
  const { value, error, again } = reviews;
  return (
    <>
      {error !== null && (
        <ErrorNote
          lead={trans.__('What waits for approval could not be read.')}
          error={error}
          onRetry={again}
          trans={trans}
        />
      )}
      {value === null && error === null && <Skeleton trans={trans} />}
      {value?.length === 0 && (
        <div className="jp-DataflowEnvs-message">
          <checkIcon.react tag="span" className="jp-DataflowEnvs-emblem" />
          <p className="jp-DataflowEnvs-lead">{trans.__('Nothing waits for approval.')}</p>
          <p>{trans.__('What people submit for publishing appears here by itself.')}</p>
        </div>
      )}
      {value !== null && value.length > 0 && (
        <ul className="jp-DataflowEnvs-pending" aria-label={trans.__('Waiting for approval')}>
          {value.map(item => (
            <Row
              key={item.id}
              review={item}
              focused={item.id === last.current}
              onChoose={() => onChoose(item.id)}
            />
          ))}
        </ul>
      )}
    </>
  );
}

function Row(props: { review: Review; focused: boolean; onChoose: () => void }): JSX.Element {
  const { review, focused, onChoose } = props;
  const { environments, trans } = useWorkbench();
  useSignalState(environments);
  const environment = environments.find(review.short_name);
  const published = environment?.published_version ?? null;
  const button = React.useRef<HTMLButtonElement>(null);
  React.useEffect(() => {
    if (focused) {
      button.current?.focus();
    }
  }, [focused]);
  return (
    <li className="jp-DataflowEnvs-pendingRow">
      <button ref={button} type="button" className="jp-DataflowEnvs-link" onClick={onChoose}>
        {plain(environment?.full_name ?? review.short_name)}
      </button>
      <p className="jp-DataflowEnvs-soft">
        <code>{review.short_name}</code>
        <span>{trans.__('version %1', review.version)}</span>
        <span>
          {published === null
            ? trans.__('never published before')
            : trans.__('replaces version %1', published)}
        </span>
        <span>{plain(review.submitted_by)}</span>
        <Ago at={review.submitted_at} trans={trans} />
      </p>
      {review.note && <p className="jp-DataflowEnvs-noteLine">{plain(review.note)}</p>}
    </li>
  );
}
