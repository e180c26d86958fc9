import type { TranslationBundle } from '@jupyterlab/translation';

import type { Environment, VersionSummary } from '../api/schemas';
import { statusWord } from './statusChip';

/** What became of one version, in the words of the environment's status. */
export function versionWord(
  environment: Pick<Environment, 'published_version' | 'latest_version' | 'review'>,
  version: Pick<VersionSummary, 'number' | 'outcome'>,
  trans: TranslationBundle
): string {
  const { review, published_version: published, latest_version: latest } = environment;
  switch (version.outcome) {
    case 'queued':
    case 'building':
      return statusWord('In Progress', trans);
    case 'failed':
      return statusWord('Failed', trans);
    case 'succeeded':
      if (version.number === published) {
        return statusWord('Published', trans);
      }
      if (review?.state === 'pending' && review.version === version.number) {
        return statusWord('Pending Approval', trans);
      }
      return version.number === latest ? statusWord('Draft', trans) : trans.__('Earlier');
  }
}
