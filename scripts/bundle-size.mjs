// Prints what a browser downloads of the production build, gzipped: with JupyterLab's start, when the panel is opened,
// and with each other part. Fails when that is more than it may be.
import { readdirSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

/** Bytes, gzipped. */
const BUDGETS = { start: 15_000, panel: 80_000 };

const folder = new URL('../jupyter_dataflow_envs/labextension/static/', import.meta.url);
const texts = new Map(
  readdirSync(folder)
    .filter(name => name.endsWith('.js') && name !== 'style.js')
    .map(name => [name.split('.')[0], readFileSync(new URL(name, folder), 'utf8')])
);
const sizes = new Map(
  [...texts].map(([chunk, text]) => [chunk, gzipSync(text, { level: 9 }).length])
);
const remoteEntry = texts.get('remoteEntry');
/** Chunks have numbers in the code; those with names are files of that name. */
const names = new Map(
  [...remoteEntry.matchAll(/(\d+):"([a-z]+)"/g)].map(([, id, name]) => [id, name])
);
const chunksIn = text =>
  [...text.matchAll(/\.e\("?(\w+)"?\)/g)].map(([, id]) => names.get(id) ?? id);

/** What `import()`s fetch, by the chunk that each is for: the last of its list that has a name. */
const imports = new Map();
for (const text of texts.values()) {
  for (const [list] of text.matchAll(/Promise\.all\(\[[^\][]*\.e\([^\][]*\]\)|\w\.e\("?\w+"?\)/g)) {
    const chunks = chunksIn(list).filter(chunk => sizes.has(chunk));
    const named = chunks.findLast(chunk => [...names.values()].includes(chunk));
    if (named && chunks.length > (imports.get(named)?.length ?? 0)) {
      imports.set(named, chunks);
    }
  }
}

const start = new Set(['remoteEntry', ...chunksIn(remoteEntry).filter(chunk => sizes.has(chunk))]);
const panel = new Set([...imports.get('workbench'), ...imports.get('panel')]);
const sum = chunks => [...chunks].reduce((bytes, chunk) => bytes + sizes.get(chunk), 0);
const parts = [
  ['start', sum(start)],
  ['panel', sum([...panel].filter(chunk => !start.has(chunk)))],
  ...[...sizes].filter(([chunk]) => !start.has(chunk) && !panel.has(chunk)),
  ['all', sum(sizes.keys())]
];
for (const [part, bytes] of parts) {
  const budget = BUDGETS[part];
  const limit = budget ? ` of ${(budget / 1000).toFixed(0)} kB` : '';
  console.log(`${part.padEnd(12)} ${(bytes / 1000).toFixed(1).padStart(6)} kB gzipped${limit}`);
  if (budget && bytes > budget) {
    console.error(`That is more than the budget of ${part}.`);
    process.exitCode = 1;
  }
}
