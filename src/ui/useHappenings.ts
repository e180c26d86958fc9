import * as React from 'react';

import type { HappenedEvent } from '../api/schemas';
import type { EventStream } from '../live/eventStream';

/**
 * How often one of these kinds of events has happened since the component is there; one that ends with a dot stands for
 * all that begin so. What was missed over a lost connection counts too.
 *
 * @param kinds - the same array at every drawing
 */
export function useHappenings(
  events: Pick<EventStream, 'happened' | 'stale'>,
  kinds: readonly string[]
): number {
  const [count, setCount] = React.useState(0);
  React.useEffect(() => {
    const more = () => setCount(before => before + 1);
    const hear = (_: unknown, event: HappenedEvent) => {
      if (
        kinds.some(
          kind => event.kind === kind || (kind.endsWith('.') && event.kind.startsWith(kind))
        )
      ) {
        more();
      }
    };
    events.happened.connect(hear);
    events.stale.connect(more);
    return () => {
      events.happened.disconnect(hear);
      events.stale.disconnect(more);
    };
  }, [events, kinds]);
  return count;
}
