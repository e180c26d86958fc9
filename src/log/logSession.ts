import type { IDisposable } from '@lumino/disposable';
import { type ISignal, Signal } from '@lumino/signaling';

import { AnsiReader } from './ansiReader';
import { Follow } from './follow';
import { failureLines, type IFailureLines, type ILandmark, Landmarks } from './landmarks';
import { LogSearch } from './logSearch';
import { type Connection, type ILogStreamOptions, LogStream } from './logStream';
import { LogView } from './logView';

/** Of text that a frame takes in, in UTF-16 units: so many that to read them takes about `FRAME` milliseconds. */
const LEAST = 65_536;
const MOST = 1_048_576;
const FRAME = 6;
/** Milliseconds between two states: numbers that change faster can't be read. */
const PAUSE = 100;
/** Of the raw log, kept in memory as strings before the browser takes them. */
const PART = 1_048_576;

export interface ILogState {
  connection: Connection;
  /** All of the log is shown, and nothing more will come. */
  complete: boolean;
  empty: boolean;
  following: boolean;
  /** Lines below what was seen last; 0 at the end. */
  newLines: number;
  landmarks: readonly ILandmark[];
  failure: IFailureLines | null;
  /** `null` while nothing is searched for; `current` counts from 0, -1: none; not `done`: there may be more. */
  search: { count: number; current: number; done: boolean } | null;
}

export interface ILogSessionOptions {
  stream: Omit<ILogStreamOptions, 'onText' | 'onConnection'>;
  label: string;
  phrases: Record<string, string>;
  wrap: boolean;
  /** Whether the log is still written: then it is shown at its end, if `follow` says so, and what is not seen is counted. */
  running: boolean;
  follow: boolean;
  onFind: () => void;
}

/** One attempt's log on the screen: what arrives is taken in frame by frame, so that none takes long. */
export class LogSession implements IDisposable {
  constructor(options: ILogSessionOptions) {
    this._running = options.running;
    this._follow = new Follow(options.follow, options.follow && options.running);
    this.view = new LogView({
      label: options.label,
      phrases: options.phrases,
      wrap: options.wrap,
      follow: this._follow,
      onScroll: () => this._onScroll(),
      onFind: options.onFind
    });
    this._state = {
      connection: 'connecting',
      complete: false,
      empty: true,
      following: this._follow.active,
      newLines: 0,
      landmarks: [],
      failure: null,
      search: null
    };
    this._stream = new LogStream({
      ...options.stream,
      onText: text => this._take(text),
      onConnection: connection => {
        this._change({ connection });
        this._schedule();
      }
    });
  }

  readonly view: LogView;

  get state(): ILogState {
    return this._state;
  }

  get stateChanged(): ISignal<this, ILogState> {
    return this._stateChanged;
  }

  /** The log as the server has it, as far as it has arrived. */
  get raw(): Blob {
    return new Blob(this._raw, { type: 'text/plain;charset=utf-8' });
  }

  get isDisposed(): boolean {
    return this._disposed;
  }

  dispose(): void {
    if (!this._disposed) {
      this._disposed = true;
      cancelAnimationFrame(this._frame);
      window.clearTimeout(this._telling);
      this._stream.dispose();
      this.view.dispose();
      Signal.clearData(this);
    }
  }

  follow(wanted: boolean): void {
    this._follow.set(wanted);
    if (wanted) {
      this.view.toEnd();
    } else if (this.view.isAtEnd) {
      this.view.leaveEnd();
    }
    this._onScroll();
  }

  showLine(line: number): void {
    const { from, to } = this.view.doc.line(Math.min(line, this.view.doc.lines));
    this.view.reveal(from, to);
    this.view.focus();
  }

  /** @param words - `null` ends the search */
  search(words: string | null): void {
    if (words === null) {
      this._search = null;
      this.view.setFound(null, -1);
      this._change({ search: null });
      return;
    }
    this._search = new LogSearch(words);
    this._searchFrom = this.view.visibleFrom;
    this._current = -1;
    this._lookFurther();
    this._schedule();
  }

  /** @param step - 1 for the next place, -1 for the one before; around the ends */
  findNext(step: 1 | -1): void {
    const search = this._search;
    if (search && search.count > 0) {
      this._current =
        this._current < 0
          ? search.firstFrom(this.view.visibleFrom) % search.count
          : (this._current + step + search.count) % search.count;
      this._showCurrent();
    }
  }

  private _take(text: string): void {
    this._queue.push(text);
    this._raw.push(text);
    this._rawLength += text.length;
    if (this._rawLength > PART) {
      this._raw = [new Blob(this._raw)];
      this._rawLength = 0;
    }
    this._schedule();
  }

  private _schedule(): void {
    if (this._frame === 0 && !this._disposed) {
      this._frame = requestAnimationFrame(() => {
        this._frame = 0;
        this._work();
      });
    }
  }

  private _work(): void {
    if (this._queue.length > 0) {
      const text = this._next();
      const began = performance.now();
      const edit = this._reader.read(text);
      // To draw takes the same time whatever came: only what grows with the text counts.
      const took = performance.now() - began;
      this._append(edit);
      if (text.length === this._size) {
        const fitting = Math.round(this._size * Math.min(2, Math.max(0.5, FRAME / took)));
        this._size = Math.min(MOST, Math.max(LEAST, fitting));
      }
    } else if (this._state.connection === 'complete' && !this._state.complete) {
      this._append(this._reader.end());
      this._see(this.view.doc.lines, this.view.doc.lines);
      this.view.end();
      const { doc } = this.view;
      const failure = failureLines(doc.lines, line => doc.line(line).text);
      this._change({ complete: true, failure });
    }
    if (this._search && !this._search.isDone(this.view.doc)) {
      this._lookFurther();
    }
    const searching = this._search && !this._search.isDone(this.view.doc);
    const ending = this._state.connection === 'complete' && !this._state.complete;
    if (this._queue.length > 0 || searching || ending) {
      this._schedule();
    }
  }

  /** The next piece of what has arrived, of `_size` at most. */
  private _next(): string {
    let text = '';
    while (this._queue.length > 0 && text.length < this._size) {
      const room = this._size - text.length;
      const [first] = this._queue;
      if (first.length > room) {
        this._queue[0] = first.slice(room);
        return text + first.slice(0, room);
      }
      this._queue.shift();
      text += first;
    }
    return text;
  }

  private _append(edit: ReturnType<AnsiReader['read']>): void {
    const { lines } = this.view.doc;
    const from = this.view.apply(edit);
    const { doc } = this.view;
    this._search?.changed(doc, from);
    this._see(lines, doc.lines - 1);
    if (this._follow.active || !this._running) {
      this._seen = doc.lines;
    }
    // The note that there is nothing must not stand over the first lines.
    if (this._state.empty && doc.length > 0) {
      this._tell();
    } else {
      this._tellSoon();
    }
  }

  private _see(first: number, last: number): void {
    if (last < first) {
      return;
    }
    let line = first;
    let more = false;
    for (const text of this.view.doc.iterLines(first, last + 1)) {
      more = this._landmarks.see(text, line) || more;
      line += 1;
    }
    if (more) {
      const landmarks = this._landmarks.found;
      this.view.setHeadings(landmarks.map(landmark => landmark.line));
      this._change({ landmarks });
    }
  }

  private _lookFurther(): void {
    const search = this._search!;
    search.step(this.view.doc);
    const first = search.firstFrom(this._searchFrom);
    if (this._current < 0 && (first < search.count || search.isDone(this.view.doc))) {
      this._current = search.count > 0 ? first % search.count : -1;
      this._showCurrent();
      return;
    }
    this.view.setFound(search, this._current);
    this._tellSoon();
  }

  private _showCurrent(): void {
    this.view.setFound(this._search, this._current);
    if (this._search && this._current >= 0) {
      const { from, to } = this._search.at(this._current);
      this.view.reveal(from, to);
    }
    this._tell();
  }

  private _onScroll(): void {
    if (this._follow.active || this.view.isAtEnd) {
      this._seen = this.view.doc.lines;
    }
    this._tellSoon();
  }

  private _tellSoon(): void {
    if (this._telling === 0) {
      this._telling = window.setTimeout(() => this._tell(), PAUSE);
    }
  }

  private _tell(): void {
    window.clearTimeout(this._telling);
    this._telling = 0;
    const { doc } = this.view;
    const search = this._search && {
      count: this._search.count,
      current: this._current,
      done: this._search.isDone(doc)
    };
    this._change({
      empty: doc.length === 0,
      following: this._follow.active,
      newLines: Math.max(0, doc.lines - this._seen),
      search
    });
  }

  private _change(change: Partial<ILogState>): void {
    this._state = { ...this._state, ...change };
    this._stateChanged.emit(this._state);
  }

  private _current = -1;
  private _disposed = false;
  private readonly _follow: Follow;
  private _frame = 0;
  private readonly _landmarks = new Landmarks();
  private _queue: string[] = [];
  private _raw: BlobPart[] = [];
  private _rawLength = 0;
  private readonly _reader = new AnsiReader();
  private readonly _running: boolean;
  private _search: LogSearch | null = null;
  private _searchFrom = 0;
  private _seen = 1;
  private _size = LEAST * 2;
  private _state: ILogState;
  private readonly _stateChanged = new Signal<this, ILogState>(this);
  private readonly _stream: LogStream;
  private _telling = 0;
}
