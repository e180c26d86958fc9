import type { Completion, CompletionContext, CompletionResult } from '@codemirror/autocomplete';

import type { Manager } from '../api/schemas';
import type { Catalog } from './catalog';

const NAME = /^\s*([A-Za-z0-9_][A-Za-z0-9._-]*)$/;
const VERSION =
  /^\s*([A-Za-z0-9_][A-Za-z0-9._-]*)\s*(?:\[[^\]]*\]\s*)?(?:[<>=!~][^,]*,\s*)*[<>=!~]{1,2}\s*([^\s,<>=!~]*)$/;
const MOST_VERSIONS = 100;

/**
 * Names of libraries as one types them and, after an operator, the versions that exist. What can't be asked is not
 * offered.
 */
export async function complete(
  context: CompletionContext,
  manager: Manager,
  catalog: Catalog
): Promise<CompletionResult | null> {
  const line = context.state.doc.lineAt(context.pos);
  const before = line.text.slice(0, context.pos - line.from);
  const rest = line.text.slice(context.pos - line.from);
  if (/\S/.test(rest)) {
    return null;
  }
  try {
    const version = VERSION.exec(before);
    if (version) {
      const [, name, start] = version;
      const versions = await catalog.versions(manager, name);
      const fitting = versions.filter(one => one.startsWith(start));
      return result(context, start, fitting.slice(0, MOST_VERSIONS));
    }
    const start = NAME.exec(before)?.[1] ?? (context.explicit && !before.trim() ? '' : null);
    if (start === null) {
      return null;
    }
    return result(context, start, await catalog.names(manager, start));
  } catch {
    return null;
  }
}

function result(
  { pos, view }: CompletionContext,
  start: string,
  labels: readonly string[]
): CompletionResult | null {
  const left = view !== undefined && !view.hasFocus;
  const options: Completion[] = labels.filter(label => label !== start).map(label => ({ label }));
  return left || options.length === 0 ? null : { from: pos - start.length, options, filter: false };
}
