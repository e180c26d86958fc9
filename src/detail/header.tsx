import * as React from 'react';

import type { Environment } from '../api/schemas';
import { CommandIDs, type Section } from '../tokens';
import { ActionButton } from '../ui/actionButton';
import { momentWords, sizeWords } from '../ui/format';
import { plain } from '../ui/plain';
import { StatusChip } from '../ui/statusChip';
import { latestBuilt, versionLine } from '../ui/versionWords';
import { decisionOf, useWorkbench } from '../workbench';
import { ActionBar } from './actionBar';
import { BuildSteps } from './buildSteps';
import type { IDetailState } from './model';
import { Note } from './note';
import { OldVersionBanner } from './oldVersionBanner';
import { useCommand } from './useCommand';

/** What the environment is, what stands against it, and what can be done with it. */
export function Header(props: {
  environment: Environment;
  state: IDetailState;
  onVersion: (number: number | null) => void;
  onSection: (section: Section) => void;
}): JSX.Element {
  const { environment, state, onVersion, onSection } = props;
  const { trans } = useWorkbench();
  const { copied_from: copied, deprecated, description, failure, status } = environment;
  const summary = state.versions?.find(({ number }) => number === state.number);
  const building = state.versions?.find(({ number }) => number === environment.latest_version);
  return (
    <div className="jp-DataflowEnvs-detailHeader">
      <div className="jp-DataflowEnvs-headline">
        <h1>
          <bdi>{plain(environment.full_name)}</bdi>
        </h1>
        <code>{environment.short_name}</code>
        <StatusChip status={status} trans={trans} />
        {environment.modified && (
          <span
            className="jp-DataflowEnvs-headMark"
            title={trans.__(
              'What is saved differs from what version %1 was built from: build to install it.',
              environment.latest_version ?? ''
            )}
          >
            {trans.__('Modified')}
          </span>
        )}
        {environment.active && (
          <span
            className="jp-DataflowEnvs-headMark"
            title={trans.__('Its kernel is in your launcher.')}
          >
            {trans.__('Active')}
          </span>
        )}
      </div>
      {description !== '' && (
        <p className="jp-DataflowEnvs-description">
          <bdi>{plain(description)}</bdi>
        </p>
      )}
      <dl className="jp-DataflowEnvs-particulars">
        <Fact name={trans.__('Version')}>
          <VersionSelect environment={environment} state={state} onVersion={onVersion} />
        </Fact>
        <Fact name={trans.__('Python')}>
          {summary?.python ?? environment.python_version ?? '—'}
        </Fact>
        <Fact name={trans.__('Size')}>
          {summary && summary.size !== null ? sizeWords(summary.size, trans) : '—'}
        </Fact>
        <Fact name={trans.__('Owner')}>
          <bdi>{plain(environment.owner)}</bdi>
        </Fact>
        <Fact name={trans.__('Base')}>
          <Base environment={environment} />
        </Fact>
        {copied && (
          <Fact name={trans.__('Copied from')}>
            <bdi title={`${plain(copied.prefix)}, ${momentWords(copied.at)}`}>
              {trans.__('Local %1', plain(copied.name))}
            </bdi>
          </Fact>
        )}
      </dl>
      {deprecated && (
        <Note look="warn" lead={trans.__('Deprecated')} title={momentWords(deprecated.at)}>
          {plain(deprecated.reason)}
        </Note>
      )}
      {status === 'Failed' && failure !== null && (
        <FailureNote environment={environment} reason={failure} onSection={onSection} />
      )}
      <OldVersionBanner environment={environment} state={state} onVersion={onVersion} />
      {status === 'In Progress' && <BuildSteps environment={environment} version={building} />}
      <ActionBar environment={environment} />
    </div>
  );
}

function Fact(props: { name: string; children: React.ReactNode }): JSX.Element {
  return (
    <div>
      <dt>{props.name}</dt>
      <dd>{props.children}</dd>
    </div>
  );
}

function VersionSelect(props: {
  environment: Environment;
  state: IDetailState;
  onVersion: (number: number | null) => void;
}): JSX.Element {
  const { environment, state, onVersion } = props;
  const { trans } = useWorkbench();
  const { number, versions } = state;
  if (number === null) {
    return <>{trans.__('none yet')}</>;
  }
  const known = versions ?? [];
  const latest = latestBuilt(known);
  return (
    <select
      className="jp-DataflowEnvs-select"
      aria-label={trans.__('Version')}
      value={number}
      onChange={event => onVersion(Number(event.target.value))}
    >
      {!known.some(version => version.number === number) && (
        <option value={number}>{`v${number}`}</option>
      )}
      {known.map(version => (
        <option key={version.number} value={version.number}>
          {versionLine(version, environment, latest, trans)}
        </option>
      ))}
    </select>
  );
}

function Base({ environment: { base } }: { environment: Environment }): JSX.Element {
  const { commands, trans } = useWorkbench();
  if (base === null) {
    return <>{trans.__('None')}</>;
  }
  const { short_name: shortName, version } = base;
  return (
    <button
      type="button"
      className="jp-DataflowEnvs-link"
      title={trans.__('Open %1', shortName)}
      onClick={() => void commands.execute(CommandIDs.open, { shortName, version })}
    >
      {`${shortName} v${version}`}
    </button>
  );
}

function FailureNote(props: {
  environment: Environment;
  reason: string;
  onSection: (section: Section) => void;
}): JSX.Element {
  const { environment, reason, onSection } = props;
  const { looks, trans } = useWorkbench();
  const run = useCommand(environment.short_name);
  const { allowed, reason: refusal } = decisionOf(environment, 'edit');
  return (
    <Note
      look="error"
      lead={trans.__('The build of version %1 failed', environment.latest_version ?? '')}
      buttons={
        <>
          <ActionButton label={trans.__('Show log')} onClick={() => onSection('log')} />
          <ActionButton
            label={looks.edit.label}
            allowed={allowed}
            refusal={refusal}
            onClick={() => run('edit')}
          />
        </>
      }
    >
      {plain(reason)}
    </Note>
  );
}
