import type { IDisposable } from '@lumino/disposable';
import { type IPoll, Poll } from '@lumino/polling';
import { type ISignal, Signal } from '@lumino/signaling';

import type { ApiClient, Environment, Me } from './api/client';

const PAGE = 100;
const LONGEST_PAUSE = 300_000;
/** Seconds between two readings while something is being built. */
const BUILD_PACE = 2;

/**
 * What the panel shows: the environments as they were last read, and why they could not be read since.
 */
export interface IEnvironmentsState {
  /** `null` until the first answer. */
  readonly environments: readonly Environment[] | null;
  /** Whether the server has more than `environments` holds. */
  readonly hasMore: boolean;
  readonly me: Me | null;
  /** Why the last request failed; `null` after one that worked. */
  readonly error: unknown;
  /** Whether somebody waits for an answer they asked for. */
  readonly refreshing: boolean;
}

/**
 * The list of environments, read again every so often while somebody can see it, and more often while something is
 * being built. The only caller of the REST client.
 */
export class EnvironmentsModel implements IDisposable {
  constructor(client: Pick<ApiClient, 'me' | 'environments'>) {
    this._client = client;
    this._poll = new Poll({
      auto: false,
      name: 'jupyter_dataflow_envs:environments',
      factory: () => this._read({ background: true }),
      frequency: frequencyOf(Poll.NEVER),
      standby: () => !this._visible || document.hidden
    });
  }

  get state(): IEnvironmentsState {
    return this._state;
  }

  get stateChanged(): ISignal<this, IEnvironmentsState> {
    return this._stateChanged;
  }

  /**
   * Seconds between two refreshes while visible and nothing is being built; 0 for none.
   */
  set interval(seconds: number) {
    this._interval = seconds;
    this._pace();
  }

  /**
   * Whether somebody can see the list. Becoming visible reads it at once.
   */
  set visible(visible: boolean) {
    const appeared = visible && !this._visible;
    this._visible = visible;
    if (appeared) {
      void this.refresh();
    }
  }

  get isDisposed(): boolean {
    return this._poll.isDisposed;
  }

  dispose(): void {
    if (this.isDisposed) {
      return;
    }
    this._poll.dispose();
    Signal.clearData(this);
  }

  /**
   * Read the list now. Never rejects: the state says what went wrong.
   */
  async refresh(): Promise<void> {
    this._change({ refreshing: true });
    try {
      await this._read({ background: false });
    } catch {
      // Kept in the state; only the poll wants to know, for its growing pauses.
    }
  }

  /**
   * Show one page more.
   */
  async more(): Promise<void> {
    this._pages += 1;
    await this.refresh();
  }

  private async _read({ background }: { background: boolean }): Promise<void> {
    const turn = ++this._turn;
    // An answer that a later request has overtaken must not put older rows back.
    const change = (state: Partial<IEnvironmentsState>) => {
      if (turn === this._turn && !this.isDisposed) {
        this._change({ ...state, refreshing: false });
      }
    };
    try {
      const [me, list] = await Promise.all([
        this._state.me ?? this._client.me(),
        this._pagesOf(background)
      ]);
      change({ me, ...list, error: null });
      this._pace();
    } catch (error) {
      change({ error });
      throw error;
    }
  }

  private async _pagesOf(
    background: boolean
  ): Promise<Pick<IEnvironmentsState, 'environments' | 'hasMore'>> {
    const environments: Environment[] = [];
    let cursor: string | undefined;
    for (let page = 0; page < this._pages; page++) {
      const list = await this._client.environments({ limit: PAGE, cursor, background });
      environments.push(...list.items);
      cursor = list.next ?? undefined;
      if (cursor === undefined) {
        break;
      }
    }
    return { environments, hasMore: cursor !== undefined };
  }

  private _pace(): void {
    const building = this._state.environments?.some(row => row.status === 'In Progress') ?? false;
    const idle = this._interval > 0 ? this._interval : Infinity;
    const seconds = building ? Math.min(BUILD_PACE, idle) : idle;
    const interval = Number.isFinite(seconds) ? seconds * 1000 : Poll.NEVER;
    // After failures the poll has made long pauses of its own: an answer ends them.
    if (interval === this._poll.frequency.interval && this._poll.state.phase !== 'rejected') {
      return;
    }
    this._poll.frequency = frequencyOf(interval);
    void this._poll.schedule({ interval });
  }

  private _change(change: Partial<IEnvironmentsState>): void {
    this._state = { ...this._state, ...change };
    this._stateChanged.emit(this._state);
  }

  private readonly _client: Pick<ApiClient, 'me' | 'environments'>;
  private readonly _poll: Poll;
  private readonly _stateChanged = new Signal<this, IEnvironmentsState>(this);
  private _interval = 0;
  private _pages = 1;
  private _state: IEnvironmentsState = {
    environments: null,
    hasMore: false,
    me: null,
    error: null,
    refreshing: false
  };
  private _turn = 0;
  private _visible = false;
}

function frequencyOf(interval: number): IPoll.Frequency {
  return { interval, backoff: true, max: Math.max(interval, LONGEST_PAUSE) };
}
