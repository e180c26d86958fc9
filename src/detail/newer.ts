import * as React from 'react';

import type { ApiClient } from '../api/client';
import type { Newer } from '../api/schemas';

export interface INewer {
  /** The newest versions by `newerKey`; `null` until they are asked for. */
  found: ReadonlyMap<string, string> | null;
  busy: boolean;
  error: unknown;
}

const NOTHING: INewer = { found: null, busy: false, error: null };

/** Which packages of a version are behind; asked for by the returned function, since it takes seconds. */
export function useNewer(
  client: Pick<ApiClient, 'newer'>,
  shortName: string,
  number: number | null
): [INewer, () => void] {
  const [newer, setNewer] = React.useState(NOTHING);
  const turn = React.useRef(0);
  React.useEffect(() => {
    // Also an answer that comes after the view has gone is dropped.
    return () => {
      turn.current += 1;
      setNewer(NOTHING);
    };
  }, [shortName, number]);
  const check = React.useCallback(() => {
    if (number === null) {
      return;
    }
    const mine = ++turn.current;
    const put = (change: Partial<INewer>) => {
      if (mine === turn.current) {
        setNewer(before => ({ ...before, busy: false, error: null, ...change }));
      }
    };
    put({ busy: true });
    client.newer(shortName, number).then(
      items => put({ found: new Map(items.map(item => [newerKey(item), item.newest])) }),
      error => put({ error })
    );
  }, [client, shortName, number]);
  return [newer, check];
}

export function newerKey({ manager, name }: Pick<Newer, 'manager' | 'name'>): string {
  return `${manager} ${name}`;
}
