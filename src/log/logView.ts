import {
  Compartment,
  EditorSelection,
  EditorState,
  type Extension,
  type Range,
  RangeSetBuilder,
  StateEffect,
  Text
} from '@codemirror/state';
import {
  Decoration,
  type DecorationSet,
  drawSelection,
  EditorView,
  highlightSpecialChars,
  keymap,
  lineNumbers,
  ViewPlugin,
  type ViewUpdate
} from '@codemirror/view';

import type { IEdit, ISpan } from './ansiReader';
import { classOf, type Style } from './ansiStyle';
import { type Follow, type IPlace, isAtEnd } from './follow';
import type { LogSearch } from './logSearch';
import { logTheme } from './logTheme';

/** Directional marks and invisible ones that CodeMirror does not count among those which have to be shown. */
const HIDDEN = /[\u202a-\u202e\u2060-\u2064\u2066-\u2069\u{e0000}-\u{e007f}]/gu;
/** Of lines, above what a jump leads to. */
const MARGIN = 60;

const redraw = StateEffect.define<null>();

export interface ILogViewOptions {
  label: string;
  wrap: boolean;
  follow: Follow;
  /** Translations of what CodeMirror says to screen readers. */
  phrases: Record<string, string>;
  onScroll: () => void;
  onFind: () => void;
}

/**
 * The text of a log: read only, drawn where it is looked at, however long it is. It keeps itself at its end while `follow`
 * says so.
 */
export class LogView {
  constructor(private readonly _options: ILogViewOptions) {
    this._view = new EditorView({
      state: EditorState.create({
        extensions: [
          EditorState.readOnly.of(true),
          EditorState.phrases.of(_options.phrases),
          EditorView.contentAttributes.of({
            'aria-label': _options.label,
            inputmode: 'none',
            tabindex: '0'
          }),
          EditorView.updateListener.of(update => {
            if (update.geometryChanged && _options.follow.active) {
              this.toEnd();
            }
          }),
          lineNumbers(),
          highlightSpecialChars({ addSpecialChars: HIDDEN }),
          drawSelection(),
          this._keys(),
          this._wrapping.of(wrapping(_options.wrap)),
          drawn(view => this._styled(view)),
          drawn(view => this._found(view)),
          logTheme
        ]
      })
    });
    const { scrollDOM } = this._view;
    scrollDOM.addEventListener('scroll', this._onScroll, { passive: true });
    this._resized = new ResizeObserver(() => this._onResize());
    this._resized.observe(scrollDOM);
  }

  get node(): HTMLElement {
    return this._view.dom;
  }

  get doc(): Text {
    return this._view.state.doc;
  }

  get isAtEnd(): boolean {
    return isAtEnd(this._place());
  }

  /** Where the first line that can be seen begins. */
  get visibleFrom(): number {
    const { scrollDOM } = this._view;
    return this._view.lineBlockAtHeight(scrollDOM.scrollTop).from;
  }

  /** What is selected; all of it when nothing is. */
  get chosenText(): string {
    const { main } = this._view.state.selection;
    return main.empty ? this.doc.toString() : this._view.state.sliceDoc(main.from, main.to);
  }

  dispose(): void {
    this._resized.disconnect();
    this._view.destroy();
  }

  focus(): void {
    this._view.focus();
  }

  /** @returns the place from which on the text has changed */
  apply(edit: IEdit): number {
    const { doc } = this;
    const last = doc.line(doc.lines);
    const from = last.from + edit.keep;
    this._spans.length = last.number - 1;
    for (const spans of edit.spans) {
      this._spans.push(spans);
    }
    if (from < doc.length || edit.lines.length > 1 || edit.lines[0] !== '') {
      this._view.dispatch({
        changes: { from, to: doc.length, insert: Text.of(edit.lines) },
        effects: redraw.of(null)
      });
      if (this._options.follow.active) {
        this.toEnd();
      }
    }
    return from;
  }

  /** Lines that stand out, such as those with which a phase begins. */
  setHeadings(lines: Iterable<number>): void {
    this._headings = new Set(lines);
    this._redraw();
  }

  setWrap(wrap: boolean): void {
    this._view.dispatch({ effects: this._wrapping.reconfigure(wrapping(wrap)) });
  }

  /** @param current - the one of the places found that one stands at; -1 for none */
  setFound(search: LogSearch | null, current: number): void {
    this._search = search;
    this._current = current;
    this._redraw();
  }

  /** Show this part, selected. */
  reveal(from: number, to: number): void {
    this._options.follow.pause();
    this._view.dispatch({
      selection: { anchor: from, head: to },
      effects: EditorView.scrollIntoView(EditorSelection.range(from, to), {
        y: 'start',
        yMargin: MARGIN
      })
    });
    this._options.onScroll();
  }

  toEnd(): void {
    const { scrollDOM } = this._view;
    this._view.requestMeasure({
      key: this,
      read: () => this._options.follow.active,
      write: active => {
        if (active) {
          scrollDOM.scrollTop = scrollDOM.scrollHeight;
        }
      }
    });
  }

  /** Off the end, where CodeMirror itself would keep a growing text. */
  leaveEnd(): void {
    this._view.scrollDOM.scrollTop -= this._view.defaultLineHeight;
  }

  private _place(): IPlace {
    const { scrollTop: top, clientHeight: height, scrollHeight: total } = this._view.scrollDOM;
    return { top, height, total };
  }

  private readonly _onScroll = (): void => {
    const place = this._place();
    // A hidden tab forgets where it was; that is no scrolling.
    if (place.height > 0 && !this._hidden) {
      this._top = place.top;
      this._options.follow.scrolled(place);
      this._options.onScroll();
    }
  };

  private _onResize(): void {
    const hidden = this._view.scrollDOM.clientHeight === 0;
    if (this._hidden && !hidden) {
      this._view.scrollDOM.scrollTop = this._top;
    }
    this._hidden = hidden;
    if (!hidden && this._options.follow.active) {
      this.toEnd();
    }
  }

  private _redraw(): void {
    this._view.dispatch({ effects: redraw.of(null) });
  }

  private _keys(): Extension {
    const page = (pages: number) => (view: EditorView) => {
      view.scrollDOM.scrollBy({ top: pages * 0.9 * view.scrollDOM.clientHeight });
      return true;
    };
    const select = (view: EditorView, anchor: number, head: number, scrollIntoView = true) => {
      view.dispatch({ selection: { anchor, head }, scrollIntoView });
      return true;
    };
    /** The cursor begins where one looks, not where it was left. */
    const fetch = (view: EditorView, first: boolean) => {
      const { top, height } = this._place();
      const { from, to } = view.viewport;
      const { head } = view.state.selection.main;
      const block = view.lineBlockAtHeight(first ? top : top + height - view.defaultLineHeight);
      const shown = view.coordsAtPos(head);
      const frame = view.scrollDOM.getBoundingClientRect();
      if (
        head < from ||
        head > to ||
        !shown ||
        shown.bottom < frame.top ||
        shown.top > frame.bottom
      ) {
        view.dispatch({ selection: { anchor: block.from } });
      }
      return false;
    };
    return keymap.of([
      { key: 'Mod-f', run: () => (this._options.onFind(), true) },
      { key: 'Mod-a', run: view => select(view, 0, view.state.doc.length, false) },
      {
        key: 'Mod-Home',
        run: view => select(view, 0, 0),
        shift: view => select(view, view.state.selection.main.anchor, 0)
      },
      {
        key: 'Mod-End',
        run: view => select(view, view.state.doc.length, view.state.doc.length),
        shift: view => select(view, view.state.selection.main.anchor, view.state.doc.length)
      },
      { key: 'PageUp', run: page(-1) },
      { key: 'PageDown', run: page(1) },
      { key: 'ArrowUp', run: view => fetch(view, false) },
      { key: 'ArrowDown', run: view => fetch(view, true) }
    ]);
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
  private _hidden = false;
  private readonly _resized: ResizeObserver;
  private _search: LogSearch | null = null;
  private readonly _spans: (readonly ISpan[])[] = [];
  private _top = 0;
  private readonly _view: EditorView;
  private readonly _wrapping = new Compartment();
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

function wrapping(wrap: boolean): Extension {
  return wrap ? EditorView.lineWrapping : [];
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
