import type { TranslationBundle } from '@jupyterlab/translation';

import type { Environment, Status, VersionSummary } from '../api/schemas';
import { agoWords } from './format';
import { statusWord } from './statusChip';

/** The statuses of environments, and one that only versions have: a later one was built. */
export type VersionStatus = Status | 'Superseded';

/** @param latestBuilt - the highest number that was built successfully; `null` for none */
export function versionStatus(
  version: VersionSummary,
  environment: Environment,
  latestBuilt: number | null
): VersionStatus {
  const { number, outcome } = version;
  const { published_version: published, review } = environment;
  if (outcome === 'queued' || outcome === 'building') {
    return 'In Progress';
  }
  if (outcome === 'failed') {
    return 'Failed';
  }
  if (number === published) {
    return 'Published';
  }
  if (review?.state === 'pending' && review.version === number) {
    return 'Pending Approval';
  }
  return number === latestBuilt ? 'Draft' : 'Superseded';
}

export function versionStatusWord(status: VersionStatus, trans: TranslationBundle): string {
  return status === 'Superseded' ? trans.__('Superseded') : statusWord(status, trans);
}

export function latestBuilt(versions: readonly VersionSummary[]): number | null {
  return versions.find(({ outcome }) => outcome === 'succeeded')?.number ?? null;
}

/** Such as "v3 · Draft · 2 days ago". */
export function versionLine(
  version: VersionSummary,
  environment: Environment,
  latest: number | null,
  trans: TranslationBundle
): string {
  const status = versionStatus(version, environment, latest);
  return [
    `v${version.number}`,
    versionStatusWord(status, trans),
    agoWords(momentOf(version), trans)
  ].join(' · ');
}

/** When it was finished; until then, when it was begun. */
export function momentOf(version: VersionSummary): string {
  return version.finished_at ?? version.started_at ?? version.created_at;
}
