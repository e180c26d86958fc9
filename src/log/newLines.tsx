import * as React from 'react';

import { useWorkbench } from '../workbench';
import type { ILogState } from './logSession';

/** Milliseconds between two announcements: who listens is not to be talked over. */
const PAUSE = 4000;

/** How many lines have come that were not seen, and the way to them. */
export function NewLines(props: { state: ILogState; onShow: () => void }): JSX.Element {
  const { newLines: count, complete } = props.state;
  const { trans } = useWorkbench();
  const words = trans._n('%1 new line', '%1 new lines', count, count.toLocaleString());
  const said = React.useRef('');
  said.current = count > 0 ? words : complete ? trans.__('The log is complete.') : '';
  const [announced, setAnnounced] = React.useState('');
  React.useEffect(() => {
    const timer = window.setInterval(() => setAnnounced(said.current), PAUSE);
    return () => window.clearInterval(timer);
  }, []);
  return (
    <>
      <span className="jp-DataflowEnvs-logSaid" role="status" aria-live="polite">
        {announced}
      </span>
      {count > 0 && (
        <button type="button" className="jp-DataflowEnvs-logNew" onClick={props.onShow}>
          <span aria-hidden="true">↓ </span>
          {words}
        </button>
      )}
    </>
  );
}
