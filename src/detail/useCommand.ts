import * as React from 'react';

import { CommandIDs } from '../tokens';
import { useWorkbench } from '../workbench';
import type { Offered } from './offered';

/** Runs a command about the environment, as palette and menus do. */
export function useCommand(shortName: string): (offered: Offered, version?: number) => void {
  const { commands } = useWorkbench();
  return React.useCallback(
    (offered, version) => {
      commands
        .execute(commandOf(offered), version === undefined ? { shortName } : { shortName, version })
        .catch(reason => console.error(`"${offered}" could not be run.`, reason));
    },
    [commands, shortName]
  );
}

function commandOf(offered: Offered): string {
  switch (offered) {
    case 'new_notebook':
      return CommandIDs.newNotebook;
    case 'duplicate':
      return CommandIDs.duplicate;
    default:
      return CommandIDs.action(offered);
  }
}
