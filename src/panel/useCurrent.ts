import * as React from 'react';

import type { IWorkbench } from '../workbench';

/** The environment of that category that had the focus last, in whatever view. */
export function useCurrent(
  workbench: IWorkbench,
  category: 'current' | 'currentLocal'
): string | null {
  const subscribe = React.useCallback(
    (changed: () => void) => {
      const slot = () => changed();
      workbench.currentChanged.connect(slot);
      return () => void workbench.currentChanged.disconnect(slot);
    },
    [workbench]
  );
  return React.useSyncExternalStore(subscribe, () => workbench[category]);
}
