import * as React from 'react';

import type { Environment } from '../api/schemas';
import type { EnvironmentsModel } from '../environments/model';

/** Milliseconds after the last key. */
const PAUSE = 250;

/**
 * Where the list is cut, what the server finds beyond it for what was typed.
 *
 * @returns short names; empty while nothing is asked
 */
export function useServerSearch(
  model: EnvironmentsModel,
  query: string,
  hasMore: boolean
): ReadonlySet<string> {
  const [found, setFound] = React.useState<ReadonlySet<string>>(new Set());
  const words = hasMore ? query.trim() : '';
  React.useEffect(() => {
    setFound(new Set());
    if (words === '') {
      return undefined;
    }
    let isCurrent = true;
    const take = (environments: readonly Environment[]) => {
      if (isCurrent) {
        setFound(new Set(environments.map(({ short_name }) => short_name)));
      }
    };
    const timer = window.setTimeout(() => {
      // Those that are here are shown all the same; the list itself says when the server does not answer.
      model.search(words).then(take, () => undefined);
    }, PAUSE);
    return () => {
      isCurrent = false;
      window.clearTimeout(timer);
    };
  }, [model, words]);
  return found;
}
