import type { TranslationBundle } from '@jupyterlab/translation';

/** Kinds of events by the part before the dot, as the audit trail is filtered by either. */
export function kindGroups(
  trans: TranslationBundle
): { group: string; label: string; kinds: readonly { kind: string; label: string }[] }[] {
  const of = (group: string, label: string, names: Record<string, string>) => ({
    group: `${group}.`,
    label,
    kinds: Object.entries(names).map(([name, word]) => ({ kind: `${group}.${name}`, label: word }))
  });
  return [
    of('environment', trans.__('Environments'), {
      created: trans.__('Environment created'),
      edited: trans.__('Environment edited'),
      deleted: trans.__('Environment deleted'),
      transferred: trans.__('Ownership given away'),
      received: trans.__('Ownership received'),
      deprecated: trans.__('Deprecated'),
      undeprecated: trans.__('Deprecation undone'),
      unpublished: trans.__('Unpublished'),
      activated: trans.__('Activated'),
      deactivated: trans.__('Deactivated')
    }),
    of('build', trans.__('Builds'), {
      queued: trans.__('Build queued'),
      started: trans.__('Build started'),
      succeeded: trans.__('Build succeeded'),
      failed: trans.__('Build failed'),
      interrupted: trans.__('Build interrupted'),
      cancel_requested: trans.__('Build cancelled')
    }),
    of('version', trans.__('Versions'), { deleted: trans.__('Version deleted') }),
    of('review', trans.__('Reviews'), {
      submitted: trans.__('Submitted for publishing'),
      withdrawn: trans.__('Submission withdrawn'),
      approved: trans.__('Approved'),
      rejected: trans.__('Rejected')
    }),
    of('policy', trans.__('Policy'), { changed: trans.__('Policy changed') }),
    of('housekeeping', trans.__('Housekeeping'), {
      prefix_released: trans.__('Files of an old version released'),
      prefix_removed: trans.__('Files removed'),
      logs_removed: trans.__('Logs removed')
    })
  ];
}

/** In words; a kind that is newer than this panel by its name. */
export function kindWord(kind: string, trans: TranslationBundle): string {
  for (const { kinds } of kindGroups(trans)) {
    const found = kinds.find(known => known.kind === kind);
    if (found) {
      return found.label;
    }
  }
  return kind;
}
