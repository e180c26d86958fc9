import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const FOLDER = join(__dirname, '../../style');
/** Shared by all views, and loaded before them; views may add to what these say. */
const SHARED = ['base.css', 'ui.css'];
/** Reviews are a part of that tab. */
const PARTS: Record<string, string> = { 'review.css': 'admin.css' };

/** The classes that a style sheet speaks of by themselves, not within or together with another of its own. */
function classesOf(sheet: string): Set<string> {
  const rules = readFileSync(join(FOLDER, sheet), 'utf8')
    .replace(/\/\*[^]*?\*\//g, '')
    .match(/[^{};]+(?=\{)/g);
  const found = (rules ?? [])
    .flatMap(selectors => selectors.split(','))
    .map(selector => /^\s*\.(jp-DataflowEnvs-\w+)/.exec(selector)?.[1]);
  return new Set(found.filter(name => name !== undefined));
}

describe('style sheets', () => {
  it('of one view leave those of others alone: all are loaded into one page', () => {
    const owners = new Map<string, Set<string>>();
    for (const sheet of readdirSync(FOLDER).filter(name => name.endsWith('.css'))) {
      for (const name of SHARED.includes(sheet) ? [] : classesOf(sheet)) {
        owners.set(name, (owners.get(name) ?? new Set()).add(PARTS[sheet] ?? sheet));
      }
    }
    expect([...owners].filter(([, sheets]) => sheets.size > 1)).toEqual([]);
  });
});
