import { Clipboard } from '@jupyterlab/apputils';
import { checkIcon, copyIcon, downloadIcon, LabIcon, searchIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import followSvg from '../../style/icons/follow.svg';
import wrapSvg from '../../style/icons/wrap.svg';
import { ActionButton } from '../ui/actionButton';
import { phaseWord } from '../ui/buildProgress';
import { useWorkbench } from '../workbench';
import { AttemptState } from './attemptState';
import type { IAttemptLogProps } from './buildLog';
import type { ILogState, LogSession } from './logSession';
import { ToggleButton } from './toggleButton';

const followIcon = new LabIcon({ name: 'jupyter_dataflow_envs:follow', svgstr: followSvg });
const wrapIcon = new LabIcon({ name: 'jupyter_dataflow_envs:wrap', svgstr: wrapSvg });

/** Milliseconds for which a button says that it has done its work. */
const DONE = 2000;

/** What can be done with a log: choose the attempt, jump to a phase, search, wrap, follow, copy, download. */
export function LogToolbar(
  props: IAttemptLogProps & {
    session: LogSession;
    state: ILogState;
    running: boolean;
    onFind: () => void;
  }
): JSX.Element {
  const { session, state, running, onFind } = props;
  const { settings, trans } = useWorkbench();
  const wrap = useSetting(settings, 'logWrap');
  const [copied, setCopied] = useMoment(DONE);
  return (
    <div className="jp-DataflowEnvs-logBar" role="group" aria-label={trans.__('Log tools')}>
      <Attempts {...props} />
      <AttemptState {...props} connection={state.connection} />
      <Jumps state={state} session={session} />
      <span className="jp-DataflowEnvs-logTools">
        <ActionButton
          iconOnly
          icon={searchIcon}
          label={trans.__('Search in the log (Ctrl+F)')}
          onClick={onFind}
        />
        <ToggleButton
          icon={wrapIcon}
          label={trans.__('Wrap long lines')}
          pressed={wrap}
          onToggle={pressed => void settings.set('logWrap', pressed)}
        />
        <ToggleButton
          icon={followIcon}
          label={trans.__('Follow new lines')}
          pressed={state.following && running}
          refusal={running ? null : trans.__('The build has ended: no new lines will come.')}
          onToggle={pressed => {
            session.follow(pressed);
            void settings.set('logFollow', pressed);
          }}
        />
        <ActionButton
          iconOnly
          icon={copied ? checkIcon : copyIcon}
          label={copied ? trans.__('Copied') : trans.__('Copy the selection, or all of the log')}
          onClick={() => {
            Clipboard.copyToSystem(session.view.chosenText);
            setCopied();
          }}
        />
        <ActionButton
          iconOnly
          icon={downloadIcon}
          label={trans.__('Download the log')}
          onClick={() => download(session.raw, fileName(props))}
        />
      </span>
      <span className="jp-DataflowEnvs-logSaid" role="status">
        {copied ? trans.__('Copied') : ''}
      </span>
    </div>
  );
}

function Attempts({ attempts, attempt, onChoose }: IAttemptLogProps): JSX.Element | null {
  const { trans } = useWorkbench();
  if (attempts.length < 2) {
    return null;
  }
  const newestFirst = [...attempts].sort((a, b) => b.attempt - a.attempt);
  return (
    <select
      className="jp-DataflowEnvs-logSelect"
      aria-label={trans.__('Attempt')}
      value={attempt}
      onChange={event => onChoose(Number(event.target.value))}
    >
      {newestFirst.map(({ attempt: number }) => (
        <option key={number} value={number}>
          {trans.__('Attempt %1 of %2', number, attempts.length)}
        </option>
      ))}
    </select>
  );
}

function Jumps(props: { state: ILogState; session: LogSession }): JSX.Element {
  const { trans } = useWorkbench();
  return (
    <nav className="jp-DataflowEnvs-logJumps" aria-label={trans.__('Phases in the log')}>
      {props.state.landmarks.map(({ what, line }) => {
        const word = what === 'end' ? trans.__('end') : phaseWord(what, trans);
        return (
          <button
            key={what}
            type="button"
            className="jp-DataflowEnvs-logLink"
            title={trans.__('Line %1', line)}
            onClick={() => props.session.showLine(line)}
          >
            {word}
          </button>
        );
      })}
    </nav>
  );
}

type Settings = ReturnType<typeof useWorkbench>['settings'];

function useSetting(settings: Settings, name: 'logWrap'): boolean {
  const subscribe = React.useCallback(
    (changed: () => void) => {
      settings.changed.connect(changed);
      return () => void settings.changed.disconnect(changed);
    },
    [settings]
  );
  return React.useSyncExternalStore(subscribe, () => settings.get(name));
}

/** True for some milliseconds after it was set. */
function useMoment(milliseconds: number): [boolean, () => void] {
  const [since, setSince] = React.useState(0);
  React.useEffect(() => {
    const timer = window.setTimeout(() => setSince(0), milliseconds);
    return () => window.clearTimeout(timer);
  }, [milliseconds, since]);
  return [since > 0, () => setSince(performance.now())];
}

function fileName({ of, attempt }: IAttemptLogProps): string {
  if ('local' in of) {
    return `local-${of.local}.log`;
  }
  const { shortName, version } = of;
  return `${shortName}-v${version}-attempt-${attempt}.log`;
}

function download(content: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  // The browser has begun to read it by then.
  window.setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
