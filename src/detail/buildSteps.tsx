import * as React from 'react';

import type { Environment, Phase, VersionSummary } from '../api/schemas';
import { phaseWord, progressWords, shareOf } from '../ui/buildProgress';
import { durationWords } from '../ui/format';
import { useWorkbench } from '../workbench';

const PHASES: readonly Phase[] = [
  'queued',
  'solving',
  'downloading',
  'linking',
  'pip',
  'verifying'
];

/** A build on its way: its steps, how far the present one is, and for how long it has been going on. */
export function BuildSteps(props: {
  environment: Environment;
  version: VersionSummary | undefined;
}): JSX.Element | null {
  const { environment, version } = props;
  const { trans } = useWorkbench();
  const { phase, progress, queue_position: place } = environment;
  const seconds = useElapsed(version?.started_at ?? version?.created_at ?? null);
  if (phase === null) {
    return null;
  }
  const share = shareOf(phase, progress);
  const at = PHASES.indexOf(phase);
  const name = trans.__('Build of version %1', environment.latest_version ?? '');
  return (
    <div className="jp-DataflowEnvs-build" role="group" aria-label={name}>
      <ol className="jp-DataflowEnvs-steps">
        {PHASES.map((step, index) => (
          <li
            key={step}
            className={index < at ? 'jp-mod-done' : index === at ? 'jp-mod-current' : undefined}
            aria-current={index === at ? 'step' : undefined}
          >
            <span>{phaseWord(step, trans)}</span>
            {index < at && (
              <span className="jp-DataflowEnvs-unseen">{` (${trans.__('done')})`}</span>
            )}
          </li>
        ))}
      </ol>
      <div className="jp-DataflowEnvs-buildLine">
        <progress aria-label={name} max={1} {...(share === null ? {} : { value: share })} />
        <span className="jp-DataflowEnvs-buildWords">
          {progressWords(phase, progress, place, trans)}
        </span>
        {seconds !== null && (
          <span className="jp-DataflowEnvs-elapsed" title={trans.__('Since the build began')}>
            {durationWords(seconds, trans)}
          </span>
        )}
      </div>
    </div>
  );
}

/** Whole seconds since that moment, counted on. */
function useElapsed(since: string | null): number | null {
  const [now, setNow] = React.useState(() => Date.now());
  React.useEffect(() => {
    const timer = window.setInterval(() => setNow(Date.now()), 1000);
    return () => window.clearInterval(timer);
  }, []);
  return since === null ? null : Math.max(0, Math.floor((now - Date.parse(since)) / 1000));
}
