import type { Review } from '../api/schemas';
import { type IAnswer, useAnswer } from '../ui/useAnswer';
import { useHappenings } from '../ui/useHappenings';
import { useSignalState } from '../ui/useSignalState';
import { useWorkbench } from '../workbench';

const CHANGES = ['review.', 'environment.deleted', 'environment.transferred'] as const;

/** What waits for approval, newest first. While events do not arrive, what the environments say tells of changes. */
export function usePendingReviews(): IAnswer<Review[]> {
  const { client, environments: model, events } = useWorkbench();
  const { environments, live } = useSignalState(model);
  const happened = useHappenings(events, CHANGES);
  const waiting = live
    ? ''
    : (environments ?? [])
        .map(({ review }) => (review?.state === 'pending' ? review.id : ''))
        .join('');
  return useAnswer(`${happened} ${waiting}`, () => client.reviews({ state: 'pending' }));
}
