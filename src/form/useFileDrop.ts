import * as React from 'react';

interface IDropHandlers {
  onDragEnterCapture: React.DragEventHandler;
  onDragOverCapture: React.DragEventHandler;
  onDragLeaveCapture: React.DragEventHandler;
  onDropCapture: React.DragEventHandler;
}

/** Takes files that are dropped anywhere on an element, before an editor within would insert their text. */
export function useFileDrop(
  onFile: (text: string, name: string) => void,
  onFailure: (reason: unknown) => void
): IDropHandlers & { over: boolean } {
  const [over, setOver] = React.useState(false);
  const hover = (event: React.DragEvent) => {
    if (event.dataTransfer.types.includes('Files')) {
      event.preventDefault();
      event.stopPropagation();
      event.dataTransfer.dropEffect = 'copy';
      setOver(true);
    }
  };
  return {
    over,
    onDragEnterCapture: hover,
    onDragOverCapture: hover,
    onDragLeaveCapture: event => {
      if (!event.currentTarget.contains(event.relatedTarget as Node | null)) {
        setOver(false);
      }
    },
    onDropCapture: event => {
      setOver(false);
      const [file] = event.dataTransfer.files;
      if (file) {
        event.preventDefault();
        event.stopPropagation();
        file.text().then(text => onFile(text, file.name), onFailure);
      }
    }
  };
}
