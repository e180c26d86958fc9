import { type Extension, type Range, RangeSetBuilder, StateEffect } from '@codemirror/state';
import {
  Decoration,
  type DecorationSet,
  type EditorView,
  ViewPlugin,
  type ViewUpdate
} from '@codemirror/view';

import type { ISpan } from './ansiReader';
import { classOf, type Style } from './ansiStyle';
import type { LogSearch } from './logSearch';

const redraw = StateEffect.define<null>();

/** To be dispatched after a change of what is marked. */
export const REDRAW = redraw.of(null);

/** What is drawn into a log's text: its styles, its headings, and what was found. */
export class LogMarks {
  get extension(): Extension {
    return [drawn(view => this._styled(view)), drawn(view => this._found(view))];
  }

  /** From this line on, which counts from 0, lines are styled so. */
  setSpans(line: number, spans: readonly (readonly ISpan[])[]): void {
    this._spans.length = line;
    for (const ofLine of spans) {
      this._spans.push(ofLine);
    }
  }

  /** Lines that stand out, such as those with which a phase begins. */
  setHeadings(lines: Iterable<number>): void {
    this._headings = new Set(lines);
  }

  /** @param current - the one of the places found that one stands at; -1 for none */
  setFound(search: LogSearch | null, current: number): void {
    this._search = search;
    this._current = current;
  }

  private _styled(view: EditorView): DecorationSet {
    const builder = new RangeSetBuilder<Decoration>();
    for (const { from, to } of view.visibleRanges) {
      for (let at = from; at <= to;) {
        const line = view.state.doc.lineAt(at);
        if (this._headings.has(line.number) && line.from >= from) {
          builder.add(line.from, line.from, HEADING);
        }
        const spans = this._spans[line.number - 1] ?? [];
        for (let n = firstEndingAfter(spans, at - line.from); n < spans.length; n++) {
          const start = Math.max(line.from + spans[n].from, at);
          const end = Math.min(line.from + spans[n].to, to);
          if (start >= to) {
            break;
          }
          builder.add(start, end, markOf(spans[n].style));
        }
        at = line.to + 1;
      }
    }
    return builder.finish();
  }

  private _found(view: EditorView): DecorationSet {
    const search = this._search;
    if (!search) {
      return Decoration.none;
    }
    const marks: Range<Decoration>[] = [];
    const length = view.state.doc.length;
    for (const { from, to } of view.visibleRanges) {
      const first = Math.max(0, search.firstFrom(from) - 1);
      for (let n = first; n < search.count; n++) {
        const place = search.at(n);
        if (place.from >= to || place.to > length) {
          break;
        }
        if (place.to > from) {
          marks.push((n === this._current ? CURRENT : FOUND).range(place.from, place.to));
        }
      }
    }
    return Decoration.set(marks, true);
  }

  private _current = -1;
  private _headings: ReadonlySet<number> = new Set();
  private _search: LogSearch | null = null;
  private readonly _spans: (readonly ISpan[])[] = [];
}

const HEADING = Decoration.line({ class: 'jp-DataflowEnvs-logHeading' });
const FOUND = Decoration.mark({ class: 'jp-DataflowEnvs-found' });
const CURRENT = Decoration.mark({ class: 'jp-DataflowEnvs-found jp-mod-current' });

const marks = new Map<Style, Decoration>();

function markOf(style: Style): Decoration {
  let mark = marks.get(style);
  if (!mark) {
    mark = Decoration.mark({ class: classOf(style) });
    marks.set(style, mark);
  }
  return mark;
}

/** Decorations of what can be seen, and of nothing else. */
function drawn(draw: (view: EditorView) => DecorationSet): Extension {
  return ViewPlugin.fromClass(
    class {
      constructor(view: EditorView) {
        this.decorations = draw(view);
      }

      update(update: ViewUpdate): void {
        const asked = update.transactions.some(({ effects }) => effects.some(e => e.is(redraw)));
        if (asked || update.viewportChanged) {
          this.decorations = draw(update.view);
        }
      }

      decorations: DecorationSet;
    },
    { decorations: plugin => plugin.decorations }
  );
}

function firstEndingAfter(spans: readonly ISpan[], unit: number): number {
  let low = 0;
  let high = spans.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (spans[middle].to <= unit) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}
