import type { TranslationBundle } from '@jupyterlab/translation';

import { ApiError } from '../api/client';
import { explanation } from '../ui/notes';
import { agoWords, momentWords } from '../ui/format';

/** Why something was not done, a sentence each: the server's words, and what else it tells. */
export function refusalWords(error: unknown, trans: TranslationBundle): string[] {
  if (!(error instanceof ApiError)) {
    return [explanation(error, trans)];
  }
  const earlier = earlierDecision(error, trans);
  if (earlier !== null) {
    return earlier;
  }
  // The message names the first of several fields only.
  return error.errors.length > 1
    ? error.errors.map(({ field, line, message }) =>
        line === null ? `${field}: ${message}` : trans.__('%1, line %2: %3', field, line, message)
      )
    : [explanation(error, trans)];
}

/** The server tells its moment in UTC; people read their own. */
function earlierDecision(
  { more: { decision, decided_by: by, decided_at: at } }: ApiError,
  trans: TranslationBundle
): string[] | null {
  if (typeof decision !== 'string' || typeof by !== 'string' || typeof at !== 'string') {
    return null;
  }
  const when = `${agoWords(at, trans)} (${momentWords(at)})`;
  const sentence =
    decision === 'approved'
      ? trans.__('%1 approved it %2.', by, when)
      : decision === 'rejected'
        ? trans.__('%1 rejected it %2.', by, when)
        : trans.__('%1 withdrew it %2.', by, when);
  return [sentence, trans.__('The first decision stands.')];
}
