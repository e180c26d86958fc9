import type { Field, IProblem } from './problem';
import { isControl, lengthOf, shown } from './shownText';

export const SHORT_LIMIT = 5;
export const FULL_LIMIT = 100;
export const LOCAL_LIMIT = 40;
export const DESCRIPTION_LIMIT = 2000;

const RESERVED = ['base', 'root', 'local', 'none'];
/** How the ids of found Local environments begin. */
const FOUND_PREFIX = 'found-';
const SHORT = /^[a-z][a-z0-9_-]*$/;
const PYTHON = /^(0|[1-9][0-9]{0,2})\.(0|[1-9][0-9]{0,2})(\.(0|[1-9][0-9]{0,2}))?$/;
const ONLY_JOINERS = /^[\u200c\u200d]*$/;

/** What is wrong with a short name; the words are the server's (`domain/names.py`), as in all of these. */
export function checkShortName(text: string): IProblem[] {
  const name = text.trim().toLowerCase();
  const length = lengthOf(name);
  if (!name) {
    return problem('short_name', text, 'expected 1 to 5 characters, such as mlenv');
  }
  if (length > SHORT_LIMIT) {
    return problem(
      'short_name',
      text,
      `expected at most ${SHORT_LIMIT} characters, and this has ${length}`
    );
  }
  // Lower-casing turns the Kelvin sign into a k.
  if (/[^\0-\x7f]/.test(text) || !SHORT.test(name)) {
    return problem('short_name', text, 'expected a letter a to z, then letters, digits, _ or -');
  }
  return RESERVED.includes(name)
    ? problem('short_name', text, `'${name}' has a meaning of its own; choose another`)
    : [];
}

/** Of a Local environment (`domain/local.py`): it stands in the same field. */
export function checkLocalName(text: string): IProblem[] {
  const name = text.trim().toLowerCase();
  const length = lengthOf(name);
  if (length < 1 || length > LOCAL_LIMIT) {
    return problem(
      'short_name',
      text,
      `expected 1 to ${LOCAL_LIMIT} characters, such as mlenv-mine`
    );
  }
  if (/[^\0-\x7f]/.test(text) || !SHORT.test(name)) {
    return problem('short_name', text, 'expected a letter a to z, then letters, digits, _ or -');
  }
  return RESERVED.includes(name) || name.startsWith(FOUND_PREFIX)
    ? problem('short_name', text, `'${name}' has a meaning of its own; choose another`)
    : [];
}

export function checkFullName(text: string): IProblem[] {
  const name = text.trim();
  const length = lengthOf(name);
  if (ONLY_JOINERS.test(name)) {
    return problem('full_name', text, 'expected a name of 1 to 100 characters');
  }
  if (length > FULL_LIMIT) {
    return problem(
      'full_name',
      text,
      `expected at most ${FULL_LIMIT} characters, and this has ${length}`
    );
  }
  return [...name].some(isControl)
    ? problem('full_name', text, 'expected a name without control characters')
    : [];
}

export function checkDescription(text: string): IProblem[] {
  const note = text.trim();
  const length = lengthOf(note);
  if (length > DESCRIPTION_LIMIT) {
    const words = (count: number) => count.toLocaleString('en');
    return problem(
      'description',
      text,
      `expected at most ${words(DESCRIPTION_LIMIT)} characters, and this has ${words(length)}`
    );
  }
  return [...note].some(character => !'\n\r\t'.includes(character) && isControl(character))
    ? problem('description', text, 'expected a text without control characters')
    : [];
}

export function checkPythonVersion(text: string): IProblem[] {
  return PYTHON.test(text.trim())
    ? []
    : problem('python_version', text, 'expected a version such as 3.11 or 3.11.7');
}

function problem(field: Field, text: string, message: string): IProblem[] {
  return [{ field, line: null, text: shown(text), message }];
}
