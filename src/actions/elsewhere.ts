import type { TranslationBundle } from '@jupyterlab/translation';

import type { Environment, Me } from '../api/schemas';
import type { ActionName } from './looks';

/** What the environment service's own pages offer, and on which of them. */
const OFFERED: Partial<Record<ActionName, 'review' | 'environment'>> = {
  approve: 'review',
  reject: 'review',
  cancel: 'environment',
  deprecate: 'environment',
  undeprecate: 'environment',
  unpublish: 'environment',
  transfer: 'environment',
  delete: 'environment'
};

/**
 * Where an administrator does what this server does not let them do: a page of the environment service, behind a login
 * of its own. `null` where they can do it here, where nobody could, or where something else stands against it.
 */
export function pageFor(
  environment: Environment,
  action: ActionName,
  me: Me | null
): string | null {
  const kind = OFFERED[action];
  const refused = environment.actions[action];
  // Administrators may always transfer: what is said against that is that they decide elsewhere.
  const elsewhere = environment.actions['transfer'];
  if (
    kind === undefined ||
    !refused ||
    refused.allowed ||
    elsewhere?.allowed !== false ||
    refused.reason !== elsewhere.reason
  ) {
    return null;
  }
  if (kind === 'review') {
    return environment.review === null ? null : reviewPage(environment.review.id, me);
  }
  return pageAt(`environments/${encodeURIComponent(environment.short_name)}`, me);
}

export function reviewPage(id: string, me: Me | null): string | null {
  return pageAt(`reviews/${encodeURIComponent(id)}`, me);
}

export function policyPage(me: Me | null): string | null {
  return pageAt('policy', me);
}

export function elsewhereLabel(
  action: ActionName,
  label: string,
  trans: TranslationBundle
): string {
  return action === 'approve' || action === 'reject'
    ? trans.__('Decide on the Environment Service…')
    : trans.__('%1 on the Environment Service…', label);
}

/** In a tab that knows nothing of this one. */
export function openPage(url: string): void {
  window.open(url, '_blank', 'noopener,noreferrer');
}

function pageAt(path: string, me: Me | null): string | null {
  const base = me?.decision_page;
  if (!base || !/^(https?:\/\/|\/(?!\/))/.test(base)) {
    return null;
  }
  return `${base.replace(/\/*$/, '/')}${path}`;
}
