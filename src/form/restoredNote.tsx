import { Button } from '@jupyterlab/ui-components';
import * as React from 'react';

import { momentWords } from '../ui/format';
import { useWorkbench } from '../workbench';

/** What stands in the form was typed before the page was loaded. */
export function RestoredNote(props: { at: string; onStartOver: () => void }): JSX.Element {
  const { trans } = useWorkbench();
  return (
    <div className="jp-DataflowEnvs-formNote jp-mod-line" role="status">
      <span>{trans.__('Restored from %1; it is not saved yet.', momentWords(props.at))}</span>
      <Button className="jp-mod-styled" onClick={props.onStartOver}>
        {trans.__('Start Over')}
      </Button>
    </div>
  );
}
