import * as React from 'react';

import type { Compared, Environment, VersionSummary } from '../api/schemas';
import { DiffTable } from '../ui/diffTable';
import { ErrorNote } from '../ui/notes';
import { useSignalState } from '../ui/useSignalState';
import { latestBuilt, versionLine } from '../ui/versionWords';
import { useWorkbench } from '../workbench';
import { SectionSkeleton } from './blanks';

export interface ISide {
  shortName: string;
  number: number;
}

/** What is compared, from left to right. */
export interface ISides {
  left: ISide;
  right: ISide;
}

export interface IComparisonProps {
  environment: Environment;
  /** Those that were built, newest first. */
  versions: readonly VersionSummary[];
  /** `null` until two are chosen. */
  sides: ISides | null;
  onSides: (sides: ISides) => void;
  /** Gets the focus when somebody chooses in the table above. */
  place: React.Ref<HTMLElement>;
}

/** What differs between a version and another one, of this environment or of any that one may see. */
export function Comparison(props: IComparisonProps): JSX.Element {
  const { environment, versions, sides, onSides, place } = props;
  const { environments, trans } = useWorkbench();
  const all = useSignalState(environments).environments ?? [];
  const id = React.useId();
  const shortName = environment.short_name;
  const [newest, before = newest] = versions;
  const left = sides?.left ?? { shortName, number: before.number };
  const right = sides?.right ?? { shortName, number: newest.number };
  const others = all.filter(
    other => other.short_name !== shortName && other.usable_version !== null
  );
  const isEqual = left.shortName === right.shortName && left.number === right.number;
  const chooseOther = (name: string) => {
    const other = others.find(({ short_name }) => short_name === name);
    const number = other?.usable_version ?? newest.number;
    onSides({ left, right: { shortName: name, number } });
  };
  return (
    <section ref={place} className="jp-DataflowEnvs-comparison" aria-labelledby={id} tabIndex={-1}>
      <h2 id={id}>{trans.__('Compare')}</h2>
      <div className="jp-DataflowEnvs-tools">
        <SideSelect
          label={trans.__('Version to compare')}
          environment={environment}
          versions={versions}
          number={left.number}
          onNumber={number => onSides({ left: { shortName, number }, right })}
        />
        <span>{trans.__('with')}</span>
        <select
          className="jp-DataflowEnvs-select"
          aria-label={trans.__('Environment to compare with')}
          value={right.shortName}
          onChange={event => chooseOther(event.target.value)}
        >
          <option value={shortName}>{trans.__('%1 (this one)', shortName)}</option>
          {others.map(other => (
            <option key={other.short_name} value={other.short_name}>
              {`${other.short_name} · ${other.full_name}`}
            </option>
          ))}
        </select>
        <OtherSelect
          environment={
            right.shortName === shortName
              ? environment
              : others.find(({ short_name }) => short_name === right.shortName)
          }
          known={right.shortName === shortName ? versions : null}
          number={right.number}
          onNumber={number => onSides({ left, right: { ...right, number } })}
        />
      </div>
      {isEqual ? (
        <p className="jp-DataflowEnvs-none">{trans.__('Choose two different versions.')}</p>
      ) : (
        <Difference key={`${sideOf(left)} ${sideOf(right)}`} left={left} right={right} />
      )}
    </section>
  );
}

function SideSelect(props: {
  label: string;
  environment: Environment;
  versions: readonly VersionSummary[];
  number: number;
  onNumber: (number: number) => void;
}): JSX.Element {
  const { label, environment, versions, number, onNumber } = props;
  const { trans } = useWorkbench();
  const latest = latestBuilt(versions);
  return (
    <select
      className="jp-DataflowEnvs-select"
      aria-label={label}
      value={number}
      onChange={event => onNumber(Number(event.target.value))}
    >
      {!versions.some(version => version.number === number) && (
        <option value={number}>{`v${number}`}</option>
      )}
      {versions.map(version => (
        <option key={version.number} value={version.number}>
          {versionLine(version, environment, latest, trans)}
        </option>
      ))}
    </select>
  );
}

/** Of an environment whose versions may have to be read first. */
function OtherSelect(props: {
  environment: Environment | undefined;
  known: readonly VersionSummary[] | null;
  number: number;
  onNumber: (number: number) => void;
}): JSX.Element | null {
  const { environment, known, number, onNumber } = props;
  const { client, trans } = useWorkbench();
  const [read, setRead] = React.useState<readonly VersionSummary[]>([]);
  const shortName = environment?.short_name;
  React.useEffect(() => {
    let current = true;
    setRead([]);
    if (known === null && shortName !== undefined) {
      client.versions(shortName).then(
        versions => current && setRead(versions.filter(({ outcome }) => outcome === 'succeeded')),
        // The one that can be used stays on offer.
        () => undefined
      );
    }
    return () => {
      current = false;
    };
  }, [client, known, shortName]);
  return environment ? (
    <SideSelect
      label={trans.__('Version to compare with')}
      environment={environment}
      versions={known ?? read}
      number={number}
      onNumber={onNumber}
    />
  ) : null;
}

function Difference({ left, right }: ISides): JSX.Element {
  const { client, trans } = useWorkbench();
  const [compared, setCompared] = React.useState<Compared | null>(null);
  const [error, setError] = React.useState<unknown>(null);
  const [tries, setTries] = React.useState(0);
  const [from, to] = [sideOf(left), sideOf(right)];
  React.useEffect(() => {
    let current = true;
    setError(null);
    client.compare(from, to).then(
      answer => current && setCompared(answer),
      reason => current && setError(reason)
    );
    return () => {
      current = false;
    };
  }, [client, from, to, tries]);
  if (error !== null) {
    return (
      <ErrorNote
        lead={trans.__('The versions could not be compared.')}
        error={error}
        onRetry={() => setTries(tries + 1)}
        trans={trans}
      />
    );
  }
  return compared ? (
    <DiffTable
      diff={compared}
      label={trans.__('From %1 to %2', nameOf(left), nameOf(right))}
      trans={trans}
    />
  ) : (
    <SectionSkeleton />
  );
}

/** As the server takes it. */
function sideOf({ shortName, number }: ISide): string {
  return `${shortName}@${number}`;
}

function nameOf({ shortName, number }: ISide): string {
  return `${shortName} v${number}`;
}
