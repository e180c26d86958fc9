import '../../style/log.css';
import '../../style/logText.css';

import * as React from 'react';

import { type ApiClient, ApiError } from '../api/client';
import type { LocalRoutes } from '../api/localRoutes';
import { useSignalState } from '../ui/useSignalState';
import { useWorkbench } from '../workbench';
import { FailureNote } from './failureNote';
import type { IBuildLogProps } from './index';
import { LogSession } from './logSession';
import type { LogOf } from './logStream';
import { LogToolbar } from './logToolbar';
import { NewLines } from './newLines';
import { SearchBar } from './searchBar';

/** The log of a version's latest attempt, or of an earlier one that the person has chosen. */
export default function BuildLog(props: IBuildLogProps): JSX.Element {
  const { of, attempts } = props;
  const whose = JSON.stringify(of);
  const latest = attempts.reduce((most, { attempt }) => Math.max(most, attempt), 1);
  const [chosen, setChosen] = React.useState<number | null>(null);
  // Another version has other attempts; and who builds again wants to see the new one.
  React.useEffect(() => setChosen(null), [whose, latest]);
  const attempt = chosen ?? latest;
  return (
    <AttemptLog key={`${whose} ${attempt}`} {...props} attempt={attempt} onChoose={setChosen} />
  );
}

export interface IAttemptLogProps extends IBuildLogProps {
  attempt: number;
  onChoose: (attempt: number) => void;
}

function AttemptLog(props: IAttemptLogProps): JSX.Element {
  const session = useSession(props);
  const { trans } = useWorkbench();
  const label = 'local' in props.of ? trans.__('Log') : trans.__('Build log');
  return (
    <section className="jp-DataflowEnvs-log" aria-label={label}>
      {session && <Shown {...props} session={session} />}
    </section>
  );
}

/** Made once for an attempt, and ended with it. */
function useSession(props: IAttemptLogProps): LogSession | null {
  const { client, local, settings, trans } = useWorkbench();
  const { attempt } = props;
  // Its owner draws this anew with an equal one.
  const of = React.useRef(props.of).current;
  const running = React.useRef(isRunning(props)).current;
  const [session, setSession] = React.useState<LogSession | null>(null);
  React.useEffect(() => {
    const made = new LogSession({
      stream: {
        settings: client.settings,
        of,
        attempt,
        isThere: () => isThere(client, local.routes, of)
      },
      label:
        'local' in of
          ? trans.__('Log')
          : trans.__('Log of version %1, attempt %2', of.version, attempt),
      phrases: {
        'Control character': trans.__('Control character'),
        'Show $1 more characters': trans.__('Show %1 more characters', '$1'),
        'Show $1 of $2 more characters': trans.__('Show %1 of %2 more characters', '$1', '$2')
      },
      wrap: settings.get('logWrap'),
      running,
      follow: settings.get('logFollow'),
      onFind: () => findIn(made)
    });
    const wrap = () => made.view.setWrap(settings.get('logWrap'));
    settings.changed.connect(wrap);
    setSession(made);
    return () => {
      settings.changed.disconnect(wrap);
      made.dispose();
    };
  }, [attempt, client, local, of, running, settings, trans]);
  return session;
}

function Shown(props: IAttemptLogProps & { session: LogSession }): JSX.Element {
  const { session, attempt, attempts } = props;
  const { trans } = useWorkbench();
  const state = useSignalState(session);
  const host = React.useRef<HTMLDivElement>(null);
  React.useLayoutEffect(() => {
    host.current?.append(session.view.node);
  }, [session]);
  const chosen = attempts.find(({ attempt: number }) => number === attempt);
  const reason = chosen ? chosen.reason : props.reason;
  const find = () => findIn(session);
  return (
    <>
      {reason !== null && (
        <FailureNote
          reason={reason}
          lines={state.failure}
          onShow={line => session.showLine(line)}
        />
      )}
      <LogToolbar {...props} state={state} running={isRunning(props)} onFind={find} />
      {state.search && <SearchBar session={session} search={state.search} />}
      <div ref={host} className="jp-DataflowEnvs-logText">
        {state.empty && state.connection !== 'gone' && (
          <p className="jp-DataflowEnvs-logNote">
            {state.complete
              ? trans.__('Nothing was logged.')
              : chosen?.outcome === 'queued'
                ? trans.__('The build waits for its turn. Its log appears here.')
                : trans.__('Waiting for the log…')}
          </p>
        )}
        <NewLines state={state} onShow={() => session.follow(true)} />
      </div>
    </>
  );
}

/** Only a clear no is one: who cannot be asked now may answer later. */
async function isThere(client: ApiClient, routes: LocalRoutes, of: LogOf): Promise<boolean> {
  try {
    await ('local' in of ? routes.local(of.local) : client.version(of.shortName, of.version));
    return true;
  } catch (error) {
    return !(error instanceof ApiError && error.code === 'not_found');
  }
}

function findIn(session: LogSession): void {
  if (session.state.search === null) {
    session.search('');
  }
  // The bar is drawn by then: React draws what a signal tells outside of its own events at once or before the next frame.
  requestAnimationFrame(() => {
    const root = session.view.node.closest('.jp-DataflowEnvs-log');
    root?.querySelector<HTMLInputElement>('.jp-DataflowEnvs-searchBar input')?.select();
  });
}

function isRunning({ attempt, attempts, outcome }: IAttemptLogProps): boolean {
  const of = attempts.find(({ attempt: number }) => number === attempt)?.outcome ?? outcome;
  return of === 'queued' || of === 'building';
}
