import type { Text } from '@codemirror/state';

/** Milliseconds that one step takes at most. */
const STEP = 6;
/** Looked through between two looks at the clock. */
const UNITS = 20_000;

/** All places of some words in a log that may be long and still grow: found in steps that leave frames whole. */
export class LogSearch {
  constructor(readonly words: string) {
    this._pattern = words ? new RegExp(words.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&'), 'giu') : null;
  }

  get count(): number {
    return this._starts.length;
  }

  /** Whether all of the text has been looked through. */
  isDone(doc: Text): boolean {
    return this._pattern === null || this._next > doc.lines;
  }

  /** Looks further, for some milliseconds. */
  step(doc: Text): void {
    if (this._pattern === null) {
      return;
    }
    const until = performance.now() + STEP;
    while (this._next <= doc.lines && performance.now() < until) {
      let from = doc.line(this._next).from;
      let looked = 0;
      for (const line of doc.iterLines(this._next)) {
        const begin = this._column;
        this._look(line, from);
        if (this._column > 0) {
          break;
        }
        this._next += 1;
        from += line.length + 1;
        looked += line.length + 1 - begin;
        if (looked > UNITS) {
          break;
        }
      }
    }
  }

  /** Looks through a line that begins there, from `_column` on; in long ones only through a part, then `_column` says so. */
  private _look(line: string, from: number): void {
    const begin = this._column;
    const end = begin + UNITS;
    // What begins in this part may end in the next one.
    const part = line.length > UNITS ? line.slice(begin, end + this.words.length) : line;
    this._column = end < line.length ? end : 0;
    for (const match of part.matchAll(this._pattern!)) {
      const start = begin + match.index;
      if (start >= end) {
        return;
      }
      this._starts.push(from + start);
      this._ends.push(from + start + match[0].length);
      this._column = Math.max(this._column, this._column && start + match[0].length);
    }
  }

  /** From here on the text has changed: the line that it is in, and what comes after, is looked through again. */
  changed(doc: Text, position: number): void {
    const line = doc.lineAt(position);
    if (line.number < this._next || (line.number === this._next && this._column > 0)) {
      this._next = line.number;
      this._column = 0;
      this._starts.length = this.firstFrom(line.from);
      this._ends.length = this._starts.length;
    }
  }

  at(index: number): { from: number; to: number } {
    return { from: this._starts[index], to: this._ends[index] };
  }

  /** The first one that begins there or later; `count` if there is none. */
  firstFrom(position: number): number {
    let low = 0;
    let high = this._starts.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this._starts[middle] < position) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  /** Where to go on in a long line; 0: at its beginning. */
  private _column = 0;
  private readonly _ends: number[] = [];
  private _next = 1;
  private readonly _pattern: RegExp | null;
  private readonly _starts: number[] = [];
}
