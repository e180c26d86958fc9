import * as React from 'react';

import type { Environment, VersionSummary } from '../api/schemas';
import { ActionButton } from '../ui/actionButton';
import { agoWords, durationWords, momentWords, sizeWords } from '../ui/format';
import { plain } from '../ui/plain';
import {
  latestBuilt,
  momentOf,
  versionStatus,
  versionStatusWord,
  type VersionStatus
} from '../ui/versionWords';
import { useWorkbench } from '../workbench';
import { SectionSkeleton } from './blanks';
import { Comparison, type ISides } from './comparison';
import { NotBuilt } from './notBuilt';
import { RevertButton } from './revertButton';

const DIGEST_SHOWN = 12;

/** All versions, newest first: look at one, go back to one, compare two. */
export function VersionsSection(props: {
  environment: Environment;
  versions: readonly VersionSummary[] | null;
  /** The number of the version that the tab shows. */
  shown: number | null;
  onShow: (number: number) => void;
}): JSX.Element {
  const { environment, versions, shown, onShow } = props;
  const { trans } = useWorkbench();
  const [sides, setSides] = React.useState<ISides | null>(null);
  const comparison = React.useRef<HTMLElement>(null);
  if (versions === null) {
    return <SectionSkeleton />;
  }
  if (versions.length === 0) {
    return (
      <NotBuilt
        environment={environment}
        text={trans.__(
          'Each build makes a version that never changes and that one can go back to.'
        )}
      />
    );
  }
  const latest = latestBuilt(versions);
  const built = versions.filter(({ outcome }) => outcome === 'succeeded');
  const compare = (number: number) => {
    const other = built.find(version => version.number < number) ?? built[0];
    const [from, to] = [other.number, number].sort((a, b) => a - b);
    const shortName = environment.short_name;
    setSides({ left: { shortName, number: from }, right: { shortName, number: to } });
    comparison.current?.scrollIntoView?.({ block: 'nearest' });
    comparison.current?.focus();
  };
  return (
    <>
      <div className="jp-DataflowEnvs-tableScroller">
        <table
          className="jp-DataflowEnvs-table jp-DataflowEnvs-versionsTable"
          aria-label={trans.__('Versions')}
        >
          <thead>
            <tr>
              <th scope="col">{trans.__('Version')}</th>
              <th scope="col">{trans.__('Status')}</th>
              <th scope="col">{trans.__('When')}</th>
              <th scope="col" className="jp-mod-wide">
                {trans.__('By')}
              </th>
              <th scope="col" className="jp-mod-wide">
                {trans.__('Took')}
              </th>
              <th scope="col" className="jp-mod-wide">
                {trans.__('Size')}
              </th>
              <th scope="col" className="jp-mod-wide">
                {trans.__('Digest')}
              </th>
              <th scope="col">
                <span className="jp-DataflowEnvs-unseen">{trans.__('Actions')}</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {versions.map(version => (
              <VersionRow
                key={version.number}
                environment={environment}
                version={version}
                latest={latest}
                shown={version.number === shown}
                onShow={onShow}
                onCompare={built.length > 1 ? compare : null}
              />
            ))}
          </tbody>
        </table>
      </div>
      {built.length > 0 && (
        <Comparison
          place={comparison}
          environment={environment}
          versions={built}
          sides={sides}
          onSides={setSides}
        />
      )}
    </>
  );
}

function VersionRow(props: {
  environment: Environment;
  version: VersionSummary;
  latest: number | null;
  shown: boolean;
  onShow: (number: number) => void;
  onCompare: ((number: number) => void) | null;
}): JSX.Element {
  const { environment, version, latest, shown, onShow, onCompare } = props;
  const { trans } = useWorkbench();
  const { attempt, created_by: by, digest, duration, number, outcome, phases, size } = version;
  const status = versionStatus(version, environment, latest);
  const steps = phases
    .map(({ name, duration: seconds }) => `${name} ${durationWords(seconds, trans)}`)
    .join(', ');
  return (
    <tr aria-current={shown || undefined} className={shown ? 'jp-mod-shown' : undefined}>
      <th scope="row">
        <button
          type="button"
          className="jp-DataflowEnvs-link"
          title={trans.__('Show version %1', number)}
          onClick={() => onShow(number)}
        >
          {`v${number}`}
        </button>
      </th>
      <td>
        <VersionChip status={status} />
        {version.reverted_from !== null && (
          <span className="jp-DataflowEnvs-aside">
            {trans.__('reverted from v%1', version.reverted_from)}
          </span>
        )}
        {attempt > 1 && (
          <span className="jp-DataflowEnvs-aside">{trans.__('attempt %1', attempt)}</span>
        )}
        {outcome === 'succeeded' && !version.installed && (
          <span
            className="jp-DataflowEnvs-aside"
            title={trans.__('Its files were removed to save room: a revert installs them again.')}
          >
            {trans.__('not installed')}
          </span>
        )}
        {version.reason !== null && (
          <span className="jp-DataflowEnvs-aside jp-mod-reason" title={plain(version.reason)}>
            <bdi>{plain(version.reason)}</bdi>
          </span>
        )}
      </td>
      <td title={momentWords(momentOf(version))}>{agoWords(momentOf(version), trans)}</td>
      <td className="jp-mod-wide">
        <bdi>{plain(by)}</bdi>
      </td>
      <td className="jp-mod-wide" title={steps || undefined}>
        {duration === null ? '—' : durationWords(duration, trans)}
      </td>
      <td className="jp-mod-wide">{size === null ? '—' : sizeWords(size, trans)}</td>
      <td className="jp-mod-wide">
        {digest === null ? '—' : <code title={digest}>{digestWords(digest)}</code>}
      </td>
      <td className="jp-mod-buttons">
        {outcome === 'succeeded' && onCompare && (
          <ActionButton
            className="jp-DataflowEnvs-compareButton"
            label={trans.__('Compare')}
            onClick={() => onCompare(number)}
          />
        )}
        <RevertButton environment={environment} version={version} latestBuilt={latest} />
      </td>
    </tr>
  );
}

const MODIFIER: Record<VersionStatus, string> = {
  Saved: 'jp-mod-saved',
  'In Progress': 'jp-mod-progress',
  Failed: 'jp-mod-failed',
  Draft: 'jp-mod-draft',
  'Pending Approval': 'jp-mod-pending',
  Published: 'jp-mod-published',
  Superseded: 'jp-mod-saved'
};

function VersionChip({ status }: { status: VersionStatus }): JSX.Element {
  const { trans } = useWorkbench();
  return (
    <span className={`jp-DataflowEnvs-status ${MODIFIER[status]}`}>
      {versionStatusWord(status, trans)}
    </span>
  );
}

function digestWords(digest: string): string {
  return digest.replace(/^sha256:/, '').slice(0, DIGEST_SHOWN);
}
