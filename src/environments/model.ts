import type { IDisposable } from '@lumino/disposable';
import { type IPoll, Poll } from '@lumino/polling';
import { type ISignal, Signal } from '@lumino/signaling';

import { type ApiClient, ApiError } from '../api/client';
import type { Environment, HappenedEvent, Me, ProgressFrame } from '../api/schemas';
import type { EventStream } from '../live/eventStream';
import { Known } from './known';
import { type IEnvironmentsState, NOTHING } from './state';

const PAGE = 200;
/** Beyond that the list is cut, says so, and the filter asks the server. */
const MOST = 2000;
const LONGEST_PAUSE = 300_000;
/** When so many changed at once, reading the list again is quicker than each of them. */
const MANY = 10;
/** Milliseconds between two such readings, so that a busy deployment is not asked without end. */
const BREATH = 1000;

export type EnvironmentsSource = Pick<ApiClient, 'environments' | 'environment'>;
export type Happenings = Pick<
  EventStream,
  'happened' | 'progressed' | 'stale' | 'connected' | 'connectedChanged'
>;

/**
 * All environments that the person may see, kept up to date by the events of the server, and by reading them every so
 * often while these do not arrive. Every view shows from here; whoever changes something puts the answer here.
 */
export class EnvironmentsModel implements IDisposable {
  constructor(
    private readonly _source: EnvironmentsSource,
    /** @param again - ask the server although the answer is known */
    private readonly _me: (again: boolean) => Promise<Me>,
    events: Happenings
  ) {
    this._state = { ...NOTHING, live: events.connected };
    this._poll = new Poll({
      auto: false,
      name: 'jupyter_dataflow_envs:environments',
      factory: () => this._read(true),
      frequency: frequencyOf(Poll.NEVER),
      standby: 'when-hidden'
    });
    events.happened.connect(this._onHappened);
    events.progressed.connect(this._onProgressed);
    events.stale.connect(this._onStale);
    events.connectedChanged.connect(this._onConnected);
    this._forget = () => {
      events.happened.disconnect(this._onHappened);
      events.progressed.disconnect(this._onProgressed);
      events.stale.disconnect(this._onStale);
      events.connectedChanged.disconnect(this._onConnected);
    };
  }

  get state(): IEnvironmentsState {
    return this._state;
  }

  get stateChanged(): ISignal<this, IEnvironmentsState> {
    return this._stateChanged;
  }

  /** Seconds between two readings while events do not arrive; 0 for none. */
  set interval(seconds: number) {
    this._interval = seconds;
    this._pace();
  }

  get isDisposed(): boolean {
    return this._poll.isDisposed;
  }

  dispose(): void {
    if (this.isDisposed) {
      return;
    }
    this._poll.dispose();
    this._forget();
    Signal.clearData(this);
  }

  /** The environment as it was last read; `undefined` when it is not known here. */
  find(shortName: string): Environment | undefined {
    return this._known.get(shortName);
  }

  /** Read the list now. Never rejects: the state says what went wrong. */
  async refresh(): Promise<void> {
    this._change({ refreshing: true });
    try {
      await this._read(false, this._state.me !== null);
    } catch {
      // Kept in the state; only the poll wants to know, for its growing pauses.
    }
  }

  /** Read the list unless that was done; resolves once it was tried. */
  ensure(): Promise<void> {
    if (this._state.environments !== null) {
      return Promise.resolve();
    }
    this._first ??= this.refresh().finally(() => {
      this._first = null;
    });
    return this._first;
  }

  /**
   * Read one environment anew; it disappears here when it is gone.
   *
   * @returns the environment; `null` when there is none that the person may see. Rejects as the client does.
   */
  async read(shortName: string, background = false): Promise<Environment | null> {
    const turn = this._known.turn();
    const current = () => this._known.isNews(shortName, turn) && !this.isDisposed;
    try {
      const environment = await this._source.environment(shortName, background);
      if (current()) {
        this._apply(shortName, environment, turn);
      }
      return environment;
    } catch (error) {
      if (error instanceof ApiError && error.status === 404 && error.code !== 'not_served') {
        if (current()) {
          this._apply(shortName, null, turn);
        }
        return null;
      }
      throw error;
    }
  }

  /**
   * Those beyond the cut list that the server finds for these words; `find` knows them too from then on. Rejects as the
   * client does.
   */
  async search(words: string): Promise<readonly Environment[]> {
    const { items } = await this._source.environments({ q: words, limit: PAGE });
    if (this._known.add(items)) {
      this._show();
    }
    return items;
  }

  /** What the server just answered about one environment. */
  put(environment: Environment): void {
    this._apply(environment.short_name, environment, this._known.turn());
  }

  drop(shortName: string): void {
    this._apply(shortName, null, this._known.turn());
  }

  private _apply(shortName: string, environment: Environment | null, turn: number): void {
    // Before the first answer nobody shows a list: one environment would look like all there are.
    if (this._known.put(shortName, environment, turn) && this._state.environments !== null) {
      this._show();
    }
  }

  private async _read(background: boolean, meAgain = false): Promise<void> {
    const turn = this._known.turn();
    this._listTurn = turn;
    // An answer that a later request has overtaken must not put older rows back.
    const current = () => turn === this._listTurn && !this.isDisposed;
    const isFirst = this._state.environments === null;
    this._readings += 1;
    try {
      const me = await this._me(meAgain);
      const read = new Map<string, Environment>();
      let cursor: string | undefined;
      do {
        const page = await this._source.environments({ limit: PAGE, cursor, background });
        if (!current()) {
          return;
        }
        page.items.forEach(environment => read.set(environment.short_name, environment));
        cursor = page.next ?? undefined;
        if (isFirst && cursor !== undefined) {
          // The first rows need not wait for the last ones.
          this._take(new Map(read), turn, false);
          this._show({ me, error: null });
        }
      } while (cursor !== undefined && read.size < MOST);
      this._take(read, turn, cursor !== undefined);
      this._show({ me, hasMore: cursor !== undefined, error: null, refreshing: false });
      this._pace();
    } catch (error) {
      if (current()) {
        this._change({ error, refreshing: false });
        this._pace();
      }
      throw error;
    } finally {
      this._readings -= 1;
      if (this._readings === 0) {
        void this._readDirty();
      }
    }
  }

  private _take(read: Map<string, Environment>, turn: number, isCut: boolean): void {
    for (const shortName of this._known.putList(read, turn, isCut)) {
      this._dirty.add(shortName);
    }
  }

  private readonly _onHappened = (_: unknown, event: HappenedEvent): void => {
    // Also during the first reading: its page with this environment may have been read before.
    if (event.short_name !== null && (this._state.environments !== null || this._readings > 0)) {
      this._dirty.add(event.short_name);
      void this._readDirty();
    }
  };

  private readonly _onProgressed = (_: unknown, frame: ProgressFrame): void => {
    const environment = this._known.get(frame.short_name);
    // A hint may overtake the event that begins or ends the build: it never changes a status.
    if (environment?.status === 'In Progress' && this._state.environments !== null) {
      const { phase, progress, queue_position } = frame;
      this._known.amend({ ...environment, phase, progress, queue_position });
      this._show();
    }
  };

  private readonly _onStale = (): void => {
    if (this._state.environments !== null || this._readings > 0) {
      this._read(true).catch(() => undefined);
    }
  };

  private readonly _onConnected = (_: unknown, live: boolean): void => {
    this._change({ live });
    if (live && this._state.error !== null) {
      // The server answers again: what could not be read meanwhile can be.
      this._read(true).catch(() => undefined);
    } else {
      this._pace();
    }
  };

  /** One after the other, and none while the list is read, which would be read again for it. */
  private async _readDirty(): Promise<void> {
    if (this._reading) {
      return;
    }
    this._reading = true;
    try {
      while (this._dirty.size > 0 && this._readings === 0 && !this.isDisposed) {
        if (this._dirty.size > MANY) {
          this._dirty.clear();
          await this._read(true);
          await new Promise(resolve => window.setTimeout(resolve, BREATH));
          continue;
        }
        const [shortName] = this._dirty;
        this._dirty.delete(shortName);
        try {
          await this.read(shortName, true);
        } catch (error) {
          this._dirty.add(shortName);
          throw error;
        }
      }
    } catch (error) {
      this._change({ error });
      this._pace();
    } finally {
      this._reading = false;
    }
  }

  private _pace(): void {
    // After a failure too: what was missed has to be read once the server answers again.
    const needed =
      (!this._state.live || this._state.error !== null) && this._state.environments !== null;
    const interval = needed && this._interval > 0 ? this._interval * 1000 : Poll.NEVER;
    if (interval === this._poll.frequency.interval && this._poll.state.phase !== 'rejected') {
      return;
    }
    this._poll.frequency = frequencyOf(interval);
    void this._poll.schedule({ interval });
  }

  private _show(change: Partial<IEnvironmentsState> = {}): void {
    this._change({ ...change, environments: this._known.sorted() });
  }

  private _change(change: Partial<IEnvironmentsState>): void {
    this._state = { ...this._state, ...change };
    this._stateChanged.emit(this._state);
  }

  private readonly _forget: () => void;
  private readonly _poll: Poll;
  private readonly _stateChanged = new Signal<this, IEnvironmentsState>(this);
  private readonly _dirty = new Set<string>();
  private readonly _known = new Known();
  private _first: Promise<void> | null = null;
  private _interval = 0;
  private _listTurn = 0;
  private _reading = false;
  private _readings = 0;
  private _state: IEnvironmentsState;
}

function frequencyOf(interval: number): IPoll.Frequency {
  return { interval, backoff: true, max: Math.max(interval, LONGEST_PAUSE) };
}
