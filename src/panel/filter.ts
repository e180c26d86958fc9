import type { TranslationBundle } from '@jupyterlab/translation';

import type { Environment } from '../api/schemas';
import { statusWord } from '../ui/statusChip';

const known = new WeakMap<Environment, string>();

/** What the filter looks at: names, owner, status, and the words of the requirements. */
function textOf(environment: Environment, trans: TranslationBundle): string {
  let text = known.get(environment);
  if (text === undefined) {
    text = [
      environment.short_name,
      environment.full_name,
      environment.owner,
      statusWord(environment.status, trans),
      environment.active ? trans.__('active') : '',
      environment.modified ? trans.__('modified') : '',
      environment.deprecated ? trans.__('deprecated') : '',
      environment.base?.short_name ?? '',
      ...environment.conda_requirements,
      ...environment.pip_requirements
    ]
      .join('\n')
      .toLowerCase();
    known.set(environment, text);
  }
  return text;
}

/** Those in which every word stands, in their order. */
export function filtered(
  environments: readonly Environment[],
  query: string,
  trans: TranslationBundle
): readonly Environment[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  return words.length === 0
    ? environments
    : environments.filter(environment => {
        const text = textOf(environment, trans);
        return words.every(word => text.includes(word));
      });
}
