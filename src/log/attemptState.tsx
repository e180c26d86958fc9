import * as React from 'react';

import { durationWords } from '../ui/format';
import { useWorkbench } from '../workbench';
import type { IAttemptLogProps } from './buildLog';
import type { Connection } from './logStream';

const SECOND = 1000;

/** What the attempt is about, for how long, and whether its log still arrives. */
export function AttemptState(props: IAttemptLogProps & { connection: Connection }): JSX.Element {
  const { attempt, attempts, connection } = props;
  const { trans } = useWorkbench();
  const of = attempts.find(({ attempt: number }) => number === attempt);
  const outcome = of?.outcome ?? props.outcome;
  const lasted = useDuration(of?.started_at ?? null, of?.finished_at ?? null);
  const duration = lasted === null ? '' : durationWords(lasted, trans);
  const words = {
    queued: trans.__('Queued'),
    building: duration ? trans.__('Building for %1', duration) : trans.__('Building'),
    succeeded: duration ? trans.__('Succeeded in %1', duration) : trans.__('Succeeded'),
    failed: duration ? trans.__('Failed after %1', duration) : trans.__('Failed')
  }[outcome];
  return (
    <>
      <span className={`jp-DataflowEnvs-logState jp-mod-${outcome}`}>{words}</span>
      <span className="jp-DataflowEnvs-logLost" role="status">
        {connection === 'lost' && trans.__('Connection lost, trying again…')}
        {connection === 'gone' &&
          trans.__(
            'This version was deleted, or is not shown to you any more: no more of its log will come.'
          )}
      </span>
    </>
  );
}

/** Seconds between two moments; up to now, and growing, while there is no end; `null` before the beginning. */
function useDuration(from: string | null, to: string | null): number | null {
  const [now, setNow] = React.useState(Date.now());
  const ticks = from !== null && to === null;
  React.useEffect(() => {
    if (!ticks) {
      return undefined;
    }
    const timer = window.setInterval(() => setNow(Date.now()), SECOND);
    return () => window.clearInterval(timer);
  }, [ticks]);
  if (from === null) {
    return null;
  }
  const seconds = ((to === null ? now : Date.parse(to)) - Date.parse(from)) / SECOND;
  return to === null ? Math.max(0, Math.round(seconds)) : Math.max(0, seconds);
}
