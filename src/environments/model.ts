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
  'happened' | 'progressed' | 'stale' | 'connectedChanged'
>;

/**
 * All environments that the person may see, kept up to date by the events of the server, and by reading them every so
 * often while these do not arrive. Every view shows from here; whoever changes something puts the answer here.
 */
export class EnvironmentsModel implements IDisposable {
  constructor(
    private readonly _source: EnvironmentsSource,
    private readonly _me: () => Promise<Me>,
    events: Happenings
  ) {
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
      await this._read(false);
    } catch {
      // Kept in the state; only the poll wants to know, for its growing pauses.
    }
  }

  /** Read the list unless that was done. */
  async ensure(): Promise<void> {
    if (this._state.environments === null && !this._state.refreshing) {
      await this.refresh();
    }
  }

  /**
   * Read one environment anew; it disappears here when it is gone.
   *
   * @returns the environment; `null` when there is none that the person may see. Rejects as the client does.
   */
  async read(shortName: string, background = false): Promise<Environment | null> {
    try {
      const environment = await this._source.environment(shortName, background);
      this.put(environment);
      return environment;
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) {
        this.drop(shortName);
        return null;
      }
      throw error;
    }
  }

  /** What the server just answered about one environment. */
  put(environment: Environment): void {
    this._byName.set(environment.short_name, environment);
    this._show();
  }

  drop(shortName: string): void {
    if (this._byName.delete(shortName)) {
      this._show();
    }
  }

  private async _read(background: boolean): Promise<void> {
    const turn = ++this._turn;
    // An answer that a later request has overtaken must not put older rows back.
    const current = () => turn === this._turn && !this.isDisposed;
    try {
      const me = await this._me();
      const read = new Map<string, Environment>();
      let cursor: string | undefined;
      do {
        const page = await this._source.environments({ limit: PAGE, cursor, background });
        page.items.forEach(environment => read.set(environment.short_name, environment));
        cursor = page.next ?? undefined;
        if (current() && this._state.environments === null) {
          // The first rows need not wait for the last ones.
          this._byName = new Map(read);
          this._show({ me, error: null });
        }
      } while (cursor !== undefined && read.size < MOST);
      if (current()) {
        this._byName = read;
        this._show({ me, hasMore: cursor !== undefined, error: null, refreshing: false });
        this._pace();
      }
    } catch (error) {
      if (current()) {
        this._change({ error, refreshing: false });
        this._pace();
      }
      throw error;
    }
  }

  private readonly _onHappened = (_: unknown, event: HappenedEvent): void => {
    if (event.short_name !== null && this._state.environments !== null) {
      this._dirty.add(event.short_name);
      void this._readDirty();
    }
  };

  private readonly _onProgressed = (_: unknown, frame: ProgressFrame): void => {
    const environment = this._byName.get(frame.short_name);
    // A hint may overtake the event that begins or ends the build: it never changes a status.
    if (environment?.status === 'In Progress') {
      const { phase, progress, queue_position } = frame;
      this.put({ ...environment, phase, progress, queue_position });
    }
  };

  private readonly _onStale = (): void => {
    if (this._state.environments !== null) {
      this._read(true).catch(() => undefined);
    }
  };

  private readonly _onConnected = (_: unknown, live: boolean): void => {
    this._change({ live });
    this._pace();
  };

  /** One after the other, so that of two answers about one environment the later one stays. */
  private async _readDirty(): Promise<void> {
    if (this._reading) {
      return;
    }
    this._reading = true;
    try {
      while (this._dirty.size > 0 && !this.isDisposed) {
        if (this._dirty.size > MANY) {
          this._dirty.clear();
          await this._read(true);
          continue;
        }
        const [shortName] = this._dirty;
        this._dirty.delete(shortName);
        await this.read(shortName, true);
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
  private _interval = 0;
  private _reading = false;
  private _state: IEnvironmentsState = {
    environments: null,
    hasMore: false,
    me: null,
    error: null,
    refreshing: false,
    live: false
  };
  private _turn = 0;
}

function frequencyOf(interval: number): IPoll.Frequency {
  return { interval, backoff: true, max: Math.max(interval, LONGEST_PAUSE) };
}
