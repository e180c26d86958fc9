import type { IDisposable } from '@lumino/disposable';
import { type IPoll, Poll } from '@lumino/polling';
import { type ISignal, Signal } from '@lumino/signaling';

import { type ApiClient, ApiError } from '../api/client';
import type { Environment, HappenedEvent, Me, ProgressFrame } from '../api/schemas';
import type { EventStream } from '../live/eventStream';

const PAGE = 200;
/** Beyond that the list is cut, says so, and the filter asks the server. */
const MOST = 2000;
const LONGEST_PAUSE = 300_000;
/** When so many changed at once, reading the list again is quicker than each of them. */
const MANY = 10;
/** Milliseconds between two such readings, so that a busy deployment is not asked without end. */
const BREATH = 1000;

/**
 * The environments as they were last read, and why they could not be read since.
 */
export interface IEnvironmentsState {
  /** By short name; `null` until the first answer. */
  readonly environments: readonly Environment[] | null;
  /** Whether the server has more than `environments` holds. */
  readonly hasMore: boolean;
  readonly me: Me | null;
  /** Why the last request failed; `null` after one that worked. */
  readonly error: unknown;
  /** Whether somebody waits for an answer they asked for. */
  readonly refreshing: boolean;
  /** Whether changes arrive by themselves. */
  readonly live: boolean;
}

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
    return this._byName.get(shortName);
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
    const turn = ++this._turn;
    // Of two answers about one environment, the one that was asked for later stays.
    const current = () =>
      turn > this._listTaken && turn > (this._turns.get(shortName) ?? 0) && !this.isDisposed;
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
    const unknown = items.filter(({ short_name }) => !this._byName.has(short_name));
    if (unknown.length > 0) {
      unknown.forEach(environment => this._byName.set(environment.short_name, environment));
      this._show();
    }
    return items;
  }

  /** What the server just answered about one environment. */
  put(environment: Environment): void {
    this._apply(environment.short_name, environment, ++this._turn);
  }

  drop(shortName: string): void {
    this._apply(shortName, null, ++this._turn);
  }

  private _apply(shortName: string, environment: Environment | null, turn: number): void {
    this._turns.set(shortName, turn);
    if (environment) {
      this._byName.set(shortName, environment);
    } else if (!this._byName.delete(shortName)) {
      return;
    }
    // Before the first answer nobody shows a list: one environment would look like all there are.
    if (this._state.environments !== null) {
      this._show();
    }
  }

  private async _read(background: boolean, meAgain = false): Promise<void> {
    const turn = ++this._turn;
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

  /** The list as it was read, but for what changed while it was: that may be newer here, and is read again. */
  private _take(read: Map<string, Environment>, turn: number, isCut: boolean): void {
    const last = isCut ? [...read.keys()].reduce((a, b) => (a > b ? a : b)) : null;
    for (const [shortName, changed] of this._turns) {
      if (changed > turn) {
        const kept = this._byName.get(shortName);
        if (kept) {
          read.set(shortName, kept);
        } else {
          read.delete(shortName);
        }
        this._dirty.add(shortName);
      }
    }
    if (last !== null) {
      for (const [shortName, environment] of this._byName) {
        // Beyond the cut: found by a search, or opened; the list says nothing about it.
        if (shortName > last && !read.has(shortName)) {
          read.set(shortName, environment);
        }
      }
    }
    this._byName = read;
    this._listTaken = turn;
  }

  private readonly _onHappened = (_: unknown, event: HappenedEvent): void => {
    // Also during the first reading: its page with this environment may have been read before.
    if (event.short_name !== null && (this._state.environments !== null || this._readings > 0)) {
      this._dirty.add(event.short_name);
      void this._readDirty();
    }
  };

  private readonly _onProgressed = (_: unknown, frame: ProgressFrame): void => {
    const environment = this._byName.get(frame.short_name);
    // A hint may overtake the event that begins or ends the build: it never changes a status.
    if (environment?.status === 'In Progress' && this._state.environments !== null) {
      const { phase, progress, queue_position } = frame;
      this._byName.set(frame.short_name, { ...environment, phase, progress, queue_position });
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
    const environments = [...this._byName.values()].sort((a, b) =>
      a.short_name < b.short_name ? -1 : 1
    );
    this._change({ ...change, environments });
  }

  private _change(change: Partial<IEnvironmentsState>): void {
    this._state = { ...this._state, ...change };
    this._stateChanged.emit(this._state);
  }

  private readonly _forget: () => void;
  private readonly _poll: Poll;
  private readonly _stateChanged = new Signal<this, IEnvironmentsState>(this);
  private readonly _dirty = new Set<string>();
  private _byName = new Map<string, Environment>();
  private _first: Promise<void> | null = null;
  private _interval = 0;
  private _listTaken = 0;
  private _listTurn = 0;
  private _reading = false;
  private _readings = 0;
  private _state: IEnvironmentsState;
  /** Counts requests and changes, so that it can be told which came first. */
  private _turn = 0;
  /** When each environment changed here, but for the list. */
  private readonly _turns = new Map<string, number>();
}

const NOTHING: IEnvironmentsState = {
  environments: null,
  hasMore: false,
  me: null,
  error: null,
  refreshing: false,
  live: false
};

function frequencyOf(interval: number): IPoll.Frequency {
  return { interval, backoff: true, max: Math.max(interval, LONGEST_PAUSE) };
}
