import type { TranslationBundle } from '@jupyterlab/translation';

interface IKind {
  kind: string;
  label: string;
}

/** Kinds of events by the part before the dot, as the audit trail is filtered by either. */
export function kindGroups(
  trans: TranslationBundle
): { group: string; label: string; kinds: readonly IKind[] }[] {
  const kinds = Object.entries(kindWords(trans)).map(([kind, label]) => ({ kind, label }));
  return Object.entries(groupWords(trans)).map(([group, label]) => ({
    group,
    label,
    kinds: kinds.filter(({ kind }) => kind.startsWith(group))
  }));
}

/** In words; a kind that is newer than this panel by its name. */
export function kindWord(kind: string, trans: TranslationBundle): string {
  return new Map(Object.entries(kindWords(trans))).get(kind) ?? kind;
}

function groupWords(trans: TranslationBundle): Record<string, string> {
  return {
    'environment.': trans.__('Environments'),
    'build.': trans.__('Builds'),
    'version.': trans.__('Versions'),
    'review.': trans.__('Reviews'),
    'policy.': trans.__('Policy'),
    'housekeeping.': trans.__('Housekeeping')
  };
}

function kindWords(trans: TranslationBundle): Record<string, string> {
  return {
    'environment.created': trans.__('Environment created'),
    'environment.edited': trans.__('Environment edited'),
    'environment.deleted': trans.__('Environment deleted'),
    'environment.transferred': trans.__('Ownership given away'),
    'environment.received': trans.__('Ownership received'),
    'environment.deprecated': trans.__('Deprecated'),
    'environment.undeprecated': trans.__('Deprecation undone'),
    'environment.unpublished': trans.__('Unpublished'),
    'environment.activated': trans.__('Activated'),
    'environment.deactivated': trans.__('Deactivated'),
    'build.queued': trans.__('Build queued'),
    'build.started': trans.__('Build started'),
    'build.succeeded': trans.__('Build succeeded'),
    'build.failed': trans.__('Build failed'),
    'build.interrupted': trans.__('Build interrupted'),
    'build.cancel_requested': trans.__('Build cancelled'),
    'version.deleted': trans.__('Version deleted'),
    'review.submitted': trans.__('Submitted for publishing'),
    'review.withdrawn': trans.__('Submission withdrawn'),
    'review.approved': trans.__('Approved'),
    'review.rejected': trans.__('Rejected'),
    'policy.changed': trans.__('Policy changed'),
    'housekeeping.prefix_released': trans.__('Files of an old version released'),
    'housekeeping.prefix_removed': trans.__('Files removed'),
    'housekeeping.logs_removed': trans.__('Logs removed')
  };
}
