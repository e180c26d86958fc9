import * as React from 'react';

export interface IAnswer<T> {
  /** The last answer; it stays while there is a newer question. `null` until the first. */
  readonly value: T | null;
  /** Why the last question was not answered. */
  readonly error: unknown;
  readonly asking: boolean;
  readonly again: () => void;
}

/**
 * What the server says about something; asked anew whenever `about` changes.
 *
 * An answer to a question that is no longer asked is dropped. For another subject, give the component another `key`.
 */
export function useAnswer<T>(about: string, ask: () => Promise<T>): IAnswer<T> {
  const [answer, setAnswer] = React.useState<Omit<IAnswer<T>, 'again'>>({
    value: null,
    error: null,
    asking: true
  });
  const [turn, setTurn] = React.useState(0);
  const question = React.useRef(ask);
  question.current = ask;
  React.useEffect(() => {
    let current = true;
    setAnswer(before => ({ ...before, asking: true }));
    question.current().then(
      value => current && setAnswer({ value, error: null, asking: false }),
      (error: unknown) => current && setAnswer(before => ({ ...before, error, asking: false }))
    );
    return () => {
      current = false;
    };
  }, [about, turn]);
  const again = React.useCallback(() => setTurn(before => before + 1), []);
  return { ...answer, again };
}
