import type { TranslationBundle } from '@jupyterlab/translation';

import type { Local } from '../api/schemas';
import { kindWords, localStatusWord, pythonWords } from '../local/words';

const known = new WeakMap<Local, string>();

/** What the filter looks at: name, Python, where it comes from and lies, kernel, status. */
function textOf(local: Local, trans: TranslationBundle): string {
  let text = known.get(local);
  if (text === undefined) {
    const { copied_from: from, found_by: foundBy, kernel, kind, name, prefix, status } = local;
    text = [
      name,
      prefix,
      pythonWords(local, trans),
      local.python_version,
      kindWords(kind, trans),
      localStatusWord(status, trans),
      kernel?.name,
      kernel?.display_name,
      kernel ? trans.__('active') : '',
      from?.short_name,
      from?.full_name,
      ...foundBy
    ]
      .join('\n')
      .toLowerCase();
    known.set(local, text);
  }
  return text;
}

/** Those in which every word stands, in their order. */
export function filteredLocals(
  locals: readonly Local[],
  query: string,
  trans: TranslationBundle
): readonly Local[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  return words.length === 0
    ? locals
    : locals.filter(local => {
        const text = textOf(local, trans);
        return words.every(word => text.includes(word));
      });
}
