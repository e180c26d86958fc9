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
        for (const match of line.matchAll(this._pattern)) {
          this._starts.push(from + match.index);
          this._ends.push(from + match.index + match[0].length);
        }
        this._next += 1;
        from += line.length + 1;
        looked += line.length + 1;
        if (looked > UNITS) {
          break;
        }
      }
    }
  }

  /** From here on the text has changed: the line that it is in, and what comes after, is looked through again. */
  changed(doc: Text, position: number): void {
    const line = doc.lineAt(position);
    if (line.number < this._next) {
      this._next = line.number;
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

  private readonly _ends: number[] = [];
  private _next = 1;
  private readonly _pattern: RegExp | null;
  private readonly _starts: number[] = [];
}
