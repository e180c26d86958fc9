// Fails unless every rule of every style sheet is in the production build. The bundler leaves out, without a word, what is
// imported by a module that only re-exports: its importers are pointed past it.
import { readdirSync, readFileSync } from 'node:fs';

const read = (folder, ending) => {
  const place = new URL(folder, import.meta.url);
  const names = readdirSync(place).filter(name => name.endsWith(ending));
  return names.map(name => [name, readFileSync(new URL(name, place), 'utf8')]);
};

const built = read('../jupyter_dataflow_envs/labextension/static/', '.js')
  .map(([, text]) => text)
  .join('\n');
/** The last line of each rule's selectors; quotes are written in other ways within a script. */
const openings = sheet =>
  sheet
    .split('\n')
    .map(line => line.trim())
    .filter(line => line.startsWith('.') && line.endsWith(' {') && !/['"\\]/.test(line));

for (const [name, sheet] of read('../style/', '.css')) {
  const wanted = openings(sheet);
  const lost = wanted.filter(opening => !built.includes(opening));
  if (lost.length > 0 || wanted.length === 0) {
    const what = lost.length === wanted.length ? 'is not' : `is not as it stands (${lost[0]} …)`;
    console.error(
      `style/${name} ${what} in the build: import it in a module that draws something.`
    );
    process.exitCode = 1;
  }
}
