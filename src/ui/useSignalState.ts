import type { ISignal } from '@lumino/signaling';
import * as React from 'react';

/** Something that has a state, replaced as a whole and never changed, and tells when that happens. */
export interface IStateful<S> {
  readonly state: S;
  readonly stateChanged: ISignal<unknown, unknown>;
}

/** The model's state; the component is drawn again when it changes. */
export function useSignalState<S>(model: IStateful<S>): S {
  const subscribe = React.useCallback(
    (changed: () => void) => {
      const slot = () => changed();
      model.stateChanged.connect(slot);
      return () => void model.stateChanged.disconnect(slot);
    },
    [model]
  );
  return React.useSyncExternalStore(subscribe, () => model.state);
}
