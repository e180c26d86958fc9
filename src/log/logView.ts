import { Compartment, EditorSelection, EditorState, type Extension, Text } from '@codemirror/state';
import { drawSelection, EditorView, highlightSpecialChars, lineNumbers } from '@codemirror/view';

import type { IEdit } from './ansiReader';
import { type Follow, type IPlace, isAtEnd } from './follow';
import { logKeys } from './logKeys';
import { LogMarks, REDRAW } from './logMarks';
import type { LogSearch } from './logSearch';
import { logTheme } from './logTheme';
import { hasOpened, longLines, opening, SHOWN } from './longLines';

/** Directional marks and invisible ones that CodeMirror does not count among those which have to be shown. */
const HIDDEN = /[\u202a-\u202e\u2060-\u2064\u2066-\u2069\u{e0000}-\u{e007f}]/gu;
/** Of lines, above what a jump leads to. */
const MARGIN = 60;

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
            if (hasOpened(update)) {
              // It is read where it begins, not at its end.
              this._pauseFollowing();
            }
            if (update.geometryChanged && _options.follow.active) {
              this.toEnd();
            }
          }),
          lineNumbers(),
          highlightSpecialChars({ addSpecialChars: HIDDEN }),
          drawSelection(),
          logKeys(_options.onFind),
          longLines(),
          this._wrapping.of(wrapping(_options.wrap)),
          this._marks.extension,
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
    this._marks.setSpans(last.number - 1, edit.spans);
    if (from < doc.length || edit.lines.length > 1 || edit.lines[0] !== '') {
      this._view.dispatch({
        changes: { from, to: doc.length, insert: Text.of(edit.lines) },
        effects: REDRAW
      });
      if (this._options.follow.active) {
        this.toEnd();
      }
    }
    return from;
  }

  /** Nothing more comes: behind the last line break no line is left. */
  end(): void {
    const { length } = this.doc;
    if (this.doc.sliceString(length - 1) === '\n') {
      this._view.dispatch({ changes: { from: length - 1, to: length } });
    }
  }

  /** Lines that stand out, such as those with which a phase begins. */
  setHeadings(lines: Iterable<number>): void {
    this._marks.setHeadings(lines);
    this._view.dispatch({ effects: REDRAW });
  }

  setWrap(wrap: boolean): void {
    this._view.dispatch({ effects: this._wrapping.reconfigure(wrapping(wrap)) });
  }

  /** @param current - the one of the places found that one stands at; -1 for none */
  setFound(search: LogSearch | null, current: number): void {
    this._marks.setFound(search, current);
    this._view.dispatch({ effects: REDRAW });
  }

  /** Show this part, selected; of a long one its beginning. */
  reveal(from: number, to: number): void {
    this._pauseFollowing();
    const shown = EditorSelection.range(from, Math.min(to, from + SHOWN / 2));
    this._view.dispatch({
      selection: { anchor: from, head: to },
      effects: [
        ...opening(this._view.state, shown),
        EditorView.scrollIntoView(shown, { y: 'start', yMargin: MARGIN })
      ]
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

  /** Followed no more; of the moves that are on their way, the view hears in the frame after the next at the latest. */
  private _pauseFollowing(): void {
    const { follow } = this._options;
    follow.pause();
    requestAnimationFrame(() => requestAnimationFrame(() => follow.arrived()));
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

  private _hidden = false;
  private readonly _marks = new LogMarks();
  private readonly _resized: ResizeObserver;
  private _top = 0;
  private readonly _view: EditorView;
  private readonly _wrapping = new Compartment();
}

function wrapping(wrap: boolean): Extension {
  return wrap ? EditorView.lineWrapping : [];
}
