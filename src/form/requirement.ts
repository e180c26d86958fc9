import type { Manager } from '../api/schemas';
import type { Field, IProblem } from './problem';
import { lengthOf, shown } from './shownText';

export const LINES_LIMIT = 500;
const LENGTH_LIMIT = 200;
const OPERATORS = ['==', '<=', '>=', '='];
const EXTENDED_OPERATORS = ['==', '<=', '>=', '!=', '~=', '=', '<', '>'];
const FORMS = 'library, library=1.2, library==1.2.3, library<=2 or library>=2';

const NAME = /^[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?$/;
const CONDA_NAME = /^_?[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9_])?$/;
const PARTS = /^([^\s[\]<>=!~,]+)\s*(?:\[([^[\]]*)\])?\s*(.*)$/s;
const SPECIFIER = /^([<>=!~]+)\s*(.*)$/s;
const CONDA_VERSION =
  /^(?:[0-9]+!)?[0-9][0-9A-Za-z]*(?:[._][0-9A-Za-z]+)*_?(?:\+[0-9A-Za-z]+(?:[._][0-9A-Za-z]+)*)?$/;
/** As PEP 440 has it, with the release and the local part as groups. */
const PIP_VERSION =
  /^v?(?:[0-9]+!)?([0-9]+(?:\.[0-9]+)*)(?:[._-]?(?:alpha|a|beta|b|preview|pre|c|rc)[._-]?[0-9]*)?(?:-[0-9]+|[._-]?(?:post|rev|r)[._-]?[0-9]*)?(?:[._-]?dev[._-]?[0-9]*)?(?:\+([a-z0-9]+(?:[._-][a-z0-9]+)*))?$/i;
/** Resolvers keep numbers in 64 bits. */
const LONG_NUMBER = /[0-9]{19}/;
/** uv opens such a file. */
const ARCHIVE = /^.*\.(?:whl|zip|tgz|tar|tar\.\w+|conda)$/i;
const COMMENT = /(?:^|\s)#.*$/s;
/** What Python calls not printable: separators other than the space, and all kinds of control and unassigned characters. */
const UNPRINTABLE = /[\p{C}\p{Z}]/u;

/** One line, understood. */
export interface IRequirement {
  /** Normalised as PyPI does it, for comparing. */
  name: string;
  spelled: string;
  /** In the shortest form. */
  text: string;
  line: number;
}

export interface IParsed {
  found: IRequirement[];
  problems: IProblem[];
}

const FIELD_OF: Record<Manager, Field> = { conda: 'conda_requirements', pip: 'pip_requirements' };

class Refusal extends Error {}

/**
 * The grammar of requirements, as `domain/requirement.py` has it and with its words: one library a line. Each line by
 * itself, then names against each other; lines count from 1, blank ones and comments included.
 */
export function parseRequirements(
  lines: readonly string[],
  manager: Manager,
  extended = false
): IParsed {
  const field = FIELD_OF[manager];
  if (lines.length > LINES_LIMIT) {
    const message = `expected at most ${LINES_LIMIT} lines, and there are ${lines.length}`;
    return { found: [], problems: [{ field, line: null, text: null, message }] };
  }
  const found: IRequirement[] = [];
  const problems: IProblem[] = [];
  lines.forEach((text, index) => {
    const line = index + 1;
    try {
      const requirement = parseLine(text, manager, line, extended);
      if (requirement) {
        found.push(requirement);
      }
    } catch (error) {
      if (!(error instanceof Refusal)) {
        throw error;
      }
      problems.push({ field, line, text: shown(text), message: error.message });
    }
  });
  return { found, problems: [...problems, ...duplicates(found, field)] };
}

/** What is wrong with both lists of an environment, names that stand in both included. */
export function pairProblems(
  conda: readonly string[],
  pip: readonly string[],
  extended = false
): IProblem[] {
  const ofConda = parseRequirements(conda, 'conda', extended);
  const ofPip = parseRequirements(pip, 'pip', extended);
  const inConda = new Map<string, number>();
  for (const { name, line } of ofConda.found) {
    // Of a name that stands there twice, the first is the one to keep.
    inConda.set(name, inConda.get(name) ?? line);
  }
  const twice = ofPip.found
    .filter(({ name }) => inConda.has(name))
    .map(({ name, spelled, text, line }) => ({
      field: FIELD_OF.pip,
      line,
      text: shown(text),
      message: `'${spelled}' is in the conda libraries too (line ${inConda.get(name)}): keep one of them`
    }));
  return [...ofConda.problems, ...ofPip.problems, ...twice];
}

function parseLine(
  line: string,
  manager: Manager,
  number: number,
  extended: boolean
): IRequirement | null {
  const length = lengthOf(line);
  if (length > LENGTH_LIMIT) {
    throw new Refusal(`expected at most ${LENGTH_LIMIT} characters, and this has ${length}`);
  }
  if (UNPRINTABLE.test(line.replace(/[ \t]/g, ''))) {
    throw new Refusal('expected one library on one line, without control characters');
  }
  const text = line.replace(COMMENT, '').trim();
  if (!text) {
    return null;
  }
  refuseWhatToolsTake(text, manager);
  const match = PARTS.exec(text);
  if (!match) {
    throw new Refusal(`expected a library's name first: ${FORMS}`);
  }
  const [, name, extrasText, rest] = match as unknown as [
    string,
    string,
    string | undefined,
    string
  ];
  if (/[[\]]/.test(rest)) {
    throw new Refusal('expected extras as in library[extra1,extra2]');
  }
  checkName(name, manager);
  const extras = extrasOf(extrasText);
  if (extras.length > 0 && !NAME.test(name)) {
    throw new Refusal(
      `expected no extras: pip, which brings them, knows no library called '${name}'`
    );
  }
  const specifiers = specifiersOf(rest.trim(), manager, extended);
  const canonical = canonicalName(name);
  if (canonical === 'python') {
    throw new Refusal('Python is chosen by Python Version, not as a library');
  }
  const shortest = `${name}${extras.length > 0 ? `[${extras.join(',')}]` : ''}${specifiers.join(',')}`;
  return { name: canonical, spelled: name, text: shortest, line: number };
}

/** What pip or conda would understand and an environment must not hold, each by its own name. */
function refuseWhatToolsTake(text: string, manager: Manager): void {
  if (text.startsWith('-')) {
    const option = shown(text.split(/\s/)[0], 20);
    throw new Refusal(`options such as ${option} are not taken; expected ${FORMS}`);
  }
  if (/^[A-Za-z]+\+[A-Za-z]+:/.test(text) || text.startsWith('git+')) {
    throw new Refusal(`installs from version control are not taken; expected ${FORMS}`);
  }
  if (text.includes('::')) {
    throw new Refusal(
      "channels are set for the whole deployment; expected the library without 'channel::'"
    );
  }
  if (text.includes('://') || /\s@|@\s/.test(text) || text.startsWith('file:')) {
    throw new Refusal(`URLs are not taken; expected ${FORMS}`);
  }
  if (/^(?:\.|~(?!=))/.test(text) || /[/\\]/.test(text)) {
    throw new Refusal(`paths are not taken; expected ${FORMS}`);
  }
  if (text.includes(';')) {
    throw new Refusal(
      'markers (after ;) are not taken: the environment has one Python on one platform'
    );
  }
  if (/^[<>=!~[,]/.test(text)) {
    throw new Refusal(`expected a library's name first: ${FORMS}`);
  }
  if (manager === 'conda' && /^[^=<>!~]+=[^=<>!~,]+=[^=]+$/.test(text)) {
    throw new Refusal('build strings are not taken; expected library=version');
  }
}

function checkName(text: string, manager: Manager): void {
  if (ARCHIVE.test(text)) {
    throw new Refusal(`paths are not taken; expected ${FORMS}`);
  }
  if (!(manager === 'conda' ? CONDA_NAME : NAME).test(text)) {
    throw new Refusal(
      `'${shown(text, 40)}' is no library's name: expected letters a to z, digits, and . _ - between them`
    );
  }
}

function extrasOf(text: string | undefined): string[] {
  if (text === undefined) {
    return [];
  }
  const extras = text.split(',').map(extra => extra.trim());
  if (extras.some(extra => !NAME.test(extra))) {
    throw new Refusal('expected extras as in library[extra1,extra2]');
  }
  return [...new Set(extras.map(canonicalName))].sort();
}

function specifiersOf(text: string, manager: Manager, extended: boolean): string[] {
  if (!text) {
    return [];
  }
  const parts = text.split(',').map(part => part.trim());
  if (parts.length > 1 && !extended) {
    throw new Refusal(`several versions in one line are not taken; expected one: ${FORMS}`);
  }
  const taken = extended ? EXTENDED_OPERATORS : OPERATORS;
  return parts.map(part => {
    const match = SPECIFIER.exec(part);
    if (!match) {
      throw new Refusal(`expected an operator after the name; expected ${FORMS}`);
    }
    const operator = match[1];
    const version = match[2].trim();
    if (!taken.includes(operator)) {
      throw new Refusal(`'${operator}' is not taken; expected one of ${taken.join(' ')}`);
    }
    checkVersion(operator, version, manager);
    return operator + version;
  });
}

function checkVersion(operator: string, version: string, manager: Manager): void {
  if (!version) {
    throw new Refusal(`expected a version after ${operator}`);
  }
  // An ! may belong to the version: 1!2.0
  if (/[<>=~]/.test(version)) {
    throw new Refusal(`expected one operator and one version: ${FORMS}`);
  }
  if (LONG_NUMBER.test(version)) {
    throw new Refusal('expected a version with numbers of at most 18 digits');
  }
  if (version.includes('*')) {
    throw new Refusal("'*' is not taken; for a series write library=2 or library=2.1");
  }
  if (/[ \t|]/.test(version)) {
    throw new Refusal(`expected one version: ${FORMS}`);
  }
  if (manager === 'conda') {
    if (!CONDA_VERSION.test(version)) {
      throw new Refusal(
        `'${shown(version, 40)}' is no version: expected digits first, as in 2.1.4`
      );
    }
    return;
  }
  const parsed = PIP_VERSION.exec(version);
  if (!parsed) {
    throw new Refusal(
      `'${shown(version, 40)}' is no version as pip knows them, such as 2.1.4 or 2.0rc1`
    );
  }
  const [, release, local] = parsed;
  if (local && !['==', '=', '!='].includes(operator)) {
    throw new Refusal(`a local version (+…) goes with == only, not with ${operator}`);
  }
  if (operator === '~=' && !release.includes('.')) {
    throw new Refusal('~= needs at least two numbers, as in ~=2.1');
  }
}

function duplicates(requirements: readonly IRequirement[], field: Field): IProblem[] {
  const first = new Map<string, number>();
  return requirements.flatMap(({ name, spelled, text, line }) => {
    const earlier = first.get(name);
    if (earlier === undefined) {
      first.set(name, line);
      return [];
    }
    const message = `'${spelled}' stands in line ${earlier} already: keep one of them`;
    return [{ field, line, text: shown(text), message }];
  });
}

function canonicalName(name: string): string {
  return name.replace(/[-_.]+/g, '-').toLowerCase();
}
