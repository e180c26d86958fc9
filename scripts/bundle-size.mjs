// Prints what a browser downloads of the production build: at the start of JupyterLab, and when the panel is opened.
import { readdirSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const folder = new URL('../jupyter_dataflow_envs/labextension/static/', import.meta.url);
const sizes = { start: 0, panel: 0 };
for (const name of readdirSync(folder).filter(name => name.endsWith('.js'))) {
  const part = name.startsWith('panel.') ? 'panel' : 'start';
  sizes[part] += gzipSync(readFileSync(new URL(name, folder)), { level: 9 }).length;
}
const kilobytes = bytes => `${(bytes / 1000).toFixed(1)} kB`;
console.log(
  `Gzipped: ${kilobytes(sizes.start)} with JupyterLab's start, ${kilobytes(sizes.panel)} when the panel is opened.`
);
