import { showErrorMessage } from '@jupyterlab/apputils';
import * as React from 'react';

import { CommandIDs } from '../tokens';
import type { IWorkbench } from '../workbench';

/** An environment.yml is some kilobytes; beyond this it is something else that was dropped by mistake. */
const LARGEST = 1_000_000;

type DropHandlers = Pick<
  React.HTMLAttributes<HTMLElement>,
  'onDragEnter' | 'onDragOver' | 'onDragLeave' | 'onDrop'
>;

/** A file dropped onto the element opens the form with it. */
export function useFileDrop(workbench: IWorkbench): [isOver: boolean, handlers: DropHandlers] {
  // Entering a child is told before the parent is left.
  const [depth, setDepth] = React.useState(0);
  const handlers = React.useMemo<DropHandlers>(() => {
    const withFile = (handle: (event: React.DragEvent) => void) => (event: React.DragEvent) => {
      if (event.dataTransfer.types.includes('Files')) {
        event.preventDefault();
        event.stopPropagation();
        handle(event);
      }
    };
    return {
      onDragEnter: withFile(() => setDepth(n => n + 1)),
      onDragOver: withFile(event => {
        event.dataTransfer.dropEffect = 'copy';
      }),
      onDragLeave: withFile(() => setDepth(n => Math.max(0, n - 1))),
      onDrop: withFile(event => {
        setDepth(0);
        const [file] = event.dataTransfer.files;
        if (file) {
          void take(workbench, file);
        }
      })
    };
  }, [workbench]);
  return [depth > 0, handlers];
}

async function take(workbench: IWorkbench, file: File): Promise<void> {
  const { commands, trans } = workbench;
  try {
    if (file.size > LARGEST) {
      throw new Error(trans.__('It is too large to be an environment.yml or requirements.txt.'));
    }
    workbench.pendingImport = { fileName: file.name, text: await file.text() };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    await showErrorMessage(trans.__('%1 could not be read', file.name), message);
    return;
  }
  await commands.execute(CommandIDs.importFile);
}
