/* eslint-disable no-control-regex -- they are what this is about */
import { PLAIN, type Style, styleAfter } from './ansiStyle';

/** A part of a line that is not plain, in UTF-16 units from the line's beginning. */
export interface ISpan {
  from: number;
  to: number;
  style: Style;
}

/** What changes at the end of the text: after the first `keep` units of the last line come these lines. */
export interface IEdit {
  keep: number;
  /** The first one goes on where the kept part ends. */
  lines: string[];
  /** Of whole lines, the first one's kept part included. */
  spans: (readonly ISpan[])[];
}

/** Longer ones are none: an unfinished title or link must not swallow the log. */
const LONGEST_SEQUENCE = 4096;

const SPECIAL = /[\u001b\n\r\b]/g;
const CSI = /^\u001b\[([0-?]*)[ -/]*([@-~])/;
const CSI_BEGUN = /^\u001b\[[0-?]*[ -/]*$/;
/** Titles, links, device strings: up to a bell or `ESC \`, on one line. */
const STRING = /^\u001b[\]PX^_][^\u001b\u0007\n]*(?:\u0007|\u001b\\)/;
const STRING_BEGUN = /^\u001b[\]PX^_][^\u001b\u0007\n]*\u001b?$/;
/** Character sets, keypad modes, saved cursors. */
const SHORT = /^\u001b[ -/]*[0-OQ-WYZ\\`-~]/;
const SHORT_BEGUN = /^\u001b[ -/]*$/;

const NO_SPANS: readonly ISpan[] = [];

/**
 * Reads what programs print for terminals: the text with its styles, `\r` and backspace overwriting, the rest of a line
 * erased. All other escape sequences are left out; what only looks like one stays, its ESC too, to be seen. However the
 * text is cut into chunks, the outcome is the same.
 */
export class AnsiReader {
  /** The text's next part. */
  read(chunk: string): IEdit {
    const text = this._rest + chunk;
    this._rest = '';
    this._begin();
    let at = 0;
    while (at < text.length) {
      SPECIAL.lastIndex = at;
      const special = SPECIAL.exec(text)?.index ?? text.length;
      if (special > at) {
        let end = special;
        if (end === text.length && isHigh(text.charCodeAt(end - 1))) {
          end -= 1;
          this._rest = text.slice(end);
        }
        this._write(text.slice(at, end));
      }
      at = special;
      if (at === text.length) {
        break;
      }
      const length = this._special(text, at);
      if (length === 0) {
        this._rest = text.slice(at);
        break;
      }
      at += length;
    }
    return this._edit();
  }

  /** Nothing more will come: what was held back as the beginning of a sequence is text. */
  end(): IEdit {
    const rest = this._rest;
    this._rest = '';
    this._begin();
    this._write(rest);
    return this._edit();
  }

  /** @returns how long it is; 0 when its end is still to come */
  private _special(text: string, at: number): number {
    switch (text.charCodeAt(at)) {
      case 10:
        this._endLine();
        return 1;
      case 13:
        this._column = 0;
        return 1;
      case 8:
        this._column -= this._column > 1 && isLow(this._line.charCodeAt(this._column - 1)) ? 2 : 1;
        this._column = Math.max(0, this._column);
        return 1;
    }
    const window = text.slice(at, at + LONGEST_SEQUENCE);
    const csi = CSI.exec(window);
    if (csi) {
      this._control(csi[1], csi[2], csi[0].length - csi[1].length === 3);
      return csi[0].length;
    }
    const other = STRING.exec(window) ?? SHORT.exec(window);
    if (other) {
      return other[0].length;
    }
    const isBegun = [CSI_BEGUN, STRING_BEGUN, SHORT_BEGUN].some(begun => begun.test(window));
    if (isBegun && window.length < LONGEST_SEQUENCE) {
      return 0;
    }
    this._write(text[at]);
    return 1;
  }

  private _control(parameters: string, final: string, plain: boolean): void {
    if (!plain || /[<-?]/.test(parameters)) {
      return;
    }
    if (final === 'm') {
      this._style = styleAfter(this._style, parameters);
    } else if (final === 'K') {
      this._erase(Number(parameters));
    }
  }

  private _erase(what: number): void {
    if (what === 1) {
      const [column, style] = [this._column, this._style];
      this._column = 0;
      this._style = PLAIN;
      this._write(' '.repeat(column));
      this._style = style;
      return;
    }
    const from = what === 2 ? 0 : Math.min(this._column, this._line.length);
    if (from < this._line.length) {
      this._keep = Math.min(this._keep, from);
      this._line = this._line.slice(0, from);
      this._spans = this._spans.filter(span => span.from < from);
      const last = this._spans.length - 1;
      if (last >= 0 && this._spans[last].to > from) {
        this._spans[last] = { ...this._spans[last], to: from };
      }
    }
  }

  private _write(run: string): void {
    if (run === '') {
      return;
    }
    const line = this._line;
    if (this._column > line.length) {
      const padding = ' '.repeat(this._column - line.length);
      this._column = line.length;
      const style = this._style;
      this._style = PLAIN;
      this._write(padding);
      this._style = style;
      this._write(run);
      return;
    }
    const from = this._column;
    const to = from + run.length;
    this._column = to;
    if (from === line.length) {
      this._line = line + run;
    } else {
      this._keep = Math.min(this._keep, from);
      // Half a character that stays behind is none.
      const orphan = to < line.length && isLow(line.charCodeAt(to));
      this._line =
        line.slice(0, from) + run + (orphan ? ' ' : '') + line.slice(orphan ? to + 1 : to);
      this._spans = without(this._spans, from, to);
    }
    if (this._style !== PLAIN) {
      this._mark({ from, to, style: this._style });
    }
  }

  /** Its place is free. Neighbours of one style are one, however they came to stand side by side. */
  private _mark(span: ISpan): void {
    const spans = this._spans;
    let at = spans.length;
    while (at > 0 && spans[at - 1].from > span.from) {
      at -= 1;
    }
    const before = at > 0 ? spans[at - 1] : null;
    const after = at < spans.length ? spans[at] : null;
    const joinsBefore = before?.to === span.from && before.style === span.style;
    const joinsAfter = after?.from === span.to && after.style === span.style;
    const joined = {
      from: joinsBefore ? before.from : span.from,
      to: joinsAfter ? after.to : span.to,
      style: span.style
    };
    spans.splice(at - (joinsBefore ? 1 : 0), (joinsBefore ? 1 : 0) + (joinsAfter ? 1 : 0), joined);
  }

  private _endLine(): void {
    this._finish();
    this._line = '';
    this._spans = [];
    this._column = 0;
  }

  private _begin(): void {
    this._lines = [];
    this._lineSpans = [];
    this._keep = this._line.length;
    this._kept = 0;
  }

  /** The first line of an edit gives only what comes after its kept part, which is known at the line's end. */
  private _finish(): void {
    if (this._lines.length === 0) {
      this._kept = this._keep;
      this._lines.push(this._line.slice(this._keep));
    } else {
      this._lines.push(this._line);
    }
    this._lineSpans.push(this._spans.length > 0 ? this._spans : NO_SPANS);
  }

  private _edit(): IEdit {
    this._finish();
    return { keep: this._kept, lines: this._lines, spans: this._lineSpans };
  }

  private _column = 0;
  private _keep = 0;
  private _kept = 0;
  private _line = '';
  private _lines: string[] = [];
  private _lineSpans: (readonly ISpan[])[] = [];
  private _rest = '';
  private _spans: ISpan[] = [];
  private _style: Style = PLAIN;
}

function without(spans: ISpan[], from: number, to: number): ISpan[] {
  return spans.flatMap(span => [
    ...(span.from < from ? [{ ...span, to: Math.min(span.to, from) }] : []),
    ...(span.to > to ? [{ ...span, from: Math.max(span.from, to) }] : [])
  ]);
}

function isHigh(unit: number): boolean {
  return unit >= 0xd800 && unit < 0xdc00;
}

function isLow(unit: number): boolean {
  return unit >= 0xdc00 && unit < 0xe000;
}
