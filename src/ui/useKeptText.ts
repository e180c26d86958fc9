import * as React from 'react';

/** A text that somebody types, kept by the browser until it is empty: leaving the view or a reload loses none of it. */
export function useKeptText(key: string): [string, (text: string) => void] {
  const name = `jupyter_dataflow_envs:${key}`;
  const [text, setText] = React.useState(() => read(name));
  const keep = React.useCallback(
    (changed: string) => {
      setText(changed);
      write(name, changed);
    },
    [name]
  );
  return [text, keep];
}

function read(name: string): string {
  try {
    return window.sessionStorage.getItem(name) ?? '';
  } catch {
    return '';
  }
}

function write(name: string, text: string): void {
  try {
    if (text) {
      window.sessionStorage.setItem(name, text);
    } else {
      window.sessionStorage.removeItem(name);
    }
  } catch {
    // A browser that keeps nothing: then the text lasts as long as the view.
  }
}
