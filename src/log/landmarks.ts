import type { Phase } from '../api/schemas';

/** Where a phase of the build begins to speak in the log, or where its end is said; lines count from 1. */
export interface ILandmark {
  what: Phase | 'end';
  line: number;
}

/** How the service's own lines begin (engine/build.py, engine/conda.py, builds/build.py). */
const OWN =
  /^(?:Building |Going back to |Solving |Solved |Holding on to |Installing \d|Downloading \d|Linked \d|pip: |Bytecode: |Verified: |Warning: |Sealed: |These packages |The same \d|The pip libraries |\[The log is cut |Succeeded\. |Failed: )/;

const BEGINNINGS: readonly (readonly [string, ILandmark['what']])[] = [
  ['Solving ', 'solving'],
  ['Downloading ', 'downloading'],
  ['Linked ', 'linking'],
  ['pip: ', 'pip'],
  ['Bytecode: ', 'verifying'],
  ['Succeeded. ', 'end'],
  ['Failed: ', 'end']
];
const RUN = 'Building ';

/** The longest a line of the service's own can reasonably be: others need not be looked at. */
const LONGEST = 20_000;
/** How many lines above the failure are looked through, and shown. */
const NEAR = 400;
const MOST = 12;
/** Of one of them, in UTF-16 units: the rest stands in the log. */
const WIDEST = 1000;

/** Finds the landmarks of a log, line by line as they come to an end. */
export class Landmarks {
  get found(): readonly ILandmark[] {
    return this._found;
  }

  /** @returns whether it is one */
  see(text: string, line: number): boolean {
    if (text.length > LONGEST || !OWN.test(text)) {
      return false;
    }
    if (text.startsWith(RUN)) {
      // An attempt that is taken up again goes through its phases anew.
      this._found = [];
      this._next = 0;
      return false;
    }
    const at = BEGINNINGS.findIndex(([start]) => text.startsWith(start));
    // Phases only go forward: a later line that begins like an earlier one is a tool's.
    if (at < this._next) {
      return false;
    }
    this._found = [...this._found, { what: BEGINNINGS[at][1], line }];
    this._next = at + 1;
    return true;
  }

  private _found: readonly ILandmark[] = [];
  private _next = 0;
}

/** What a failed build's log ends with: the lines that matter, which the engine writes before it says `Failed: …`. */
export interface IFailureLines {
  from: number;
  to: number;
  texts: readonly string[];
}

/**
 * @param count - lines of the log
 * @param lineAt - one of them, from 1 on
 * @returns `null` when the log does not end with a failure
 */
export function failureLines(
  count: number,
  lineAt: (line: number) => string
): IFailureLines | null {
  let end = count;
  while (end > 0 && end > count - NEAR && !lineAt(end).startsWith('Failed: ')) {
    end -= 1;
  }
  if (end < 1 || !lineAt(end).startsWith('Failed: ')) {
    return null;
  }
  let from = end;
  while (from > 1 && end - from < MOST && !OWN.test(lineAt(from - 1))) {
    from -= 1;
  }
  const texts = [];
  for (let line = from; line < end; line++) {
    const text = lineAt(line);
    texts.push(text.length > WIDEST ? `${text.slice(0, WIDEST)}…` : text);
  }
  return { from, to: end, texts };
}
