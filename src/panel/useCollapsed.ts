import * as React from 'react';

/**
 * Which sections are folded; the browser remembers it, for each server.
 *
 * @param key - names the server
 */
export function useCollapsed(
  key: string
): [isCollapsed: (id: string) => boolean, toggle: (id: string) => void] {
  const place = `jupyter-dataflow-envs:collapsed:${key}`;
  const [ids, setIds] = React.useState(() => read(place));
  const toggle = React.useCallback(
    (id: string) =>
      setIds(before => {
        const after = before.includes(id) ? before.filter(one => one !== id) : [...before, id];
        write(place, after);
        return after;
      }),
    [place]
  );
  return [id => ids.includes(id), toggle];
}

function read(place: string): readonly string[] {
  try {
    const ids: unknown = JSON.parse(window.localStorage.getItem(place) ?? '[]');
    return Array.isArray(ids) ? ids.map(String) : [];
  } catch {
    // Storage may be forbidden, or hold what somebody else wrote.
    return [];
  }
}

function write(place: string, ids: readonly string[]): void {
  try {
    window.localStorage.setItem(place, JSON.stringify(ids));
  } catch {
    // Then they are remembered until the page is left.
  }
}
