import type { IDisposable } from '@lumino/disposable';
import { type ISignal, Signal } from '@lumino/signaling';

import { ApiError } from '../../api/client';
import type { LocalRoutes } from '../../api/localRoutes';
import type { Drift, Local, LocalDetails } from '../../api/schemas';
import type { LocalModel } from '../model';

/** Milliseconds between two readings: while something is made the list is read far more often. */
const PAUSE = 1000;

export interface ILocalDetailState {
  readonly local: Local | null;
  readonly details: LocalDetails | null;
  /** `null` until the server has said, and for those that were not made here. */
  readonly drift: Drift | null;
  readonly error: unknown;
  /** There is no such Local environment any more. */
  readonly gone: boolean;
  /** Bytes of its files; `asked` while they are counted. */
  readonly size: number | 'asked' | null;
  /** How many works have begun since this was opened: each has a log of its own. */
  readonly works: number;
}

export type LocalDetailSource = Pick<LocalRoutes, 'drift' | 'local'>;

/** One Local environment: what its tab shows, read anew when the server says that something has changed. */
export class LocalDetailModel implements IDisposable {
  constructor(
    readonly id: string,
    private readonly _source: LocalDetailSource,
    private readonly _locals: Pick<LocalModel, 'find' | 'state' | 'stateChanged'>
  ) {
    this._readings = _locals.state.readings;
    this._state = { ...NOTHING, local: _locals.find(id) ?? null };
    _locals.stateChanged.connect(this._onChanged);
    void this.refresh();
  }

  get state(): ILocalDetailState {
    return this._state;
  }

  get stateChanged(): ISignal<this, ILocalDetailState> {
    return this._stateChanged;
  }

  /** Whether somebody looks at it; what changes meanwhile is read when somebody does again. */
  set visible(visible: boolean) {
    this._visible = visible;
    if (visible) {
      this._readSoon();
    }
  }

  get isDisposed(): boolean {
    return this._disposed;
  }

  dispose(): void {
    if (!this._disposed) {
      this._disposed = true;
      window.clearTimeout(this._timer);
      this._locals.stateChanged.disconnect(this._onChanged);
      Signal.clearData(this);
    }
  }

  /** Read it now. Never rejects: the state says what went wrong. */
  async refresh(background = false): Promise<void> {
    const turn = ++this._turn;
    try {
      const details = await this._source.local(this.id, { background });
      const compares = details.kind === 'made' && details.status === 'Ready';
      const drift = compares ? await this._source.drift(this.id, background) : null;
      if (turn === this._turn) {
        const local = this._locals.find(this.id) ?? details;
        this._change({ local, details, drift, error: null, gone: false });
      }
    } catch (error) {
      if (turn !== this._turn) {
        return;
      }
      if (error instanceof ApiError && error.status === 404 && error.code !== 'not_served') {
        this._change({ gone: true, error: null });
      } else {
        this._change({ error });
      }
    }
  }

  /** Count the bytes of its files. Never rejects. */
  async measure(): Promise<void> {
    this._change({ size: 'asked' });
    try {
      const { size } = await this._source.local(this.id, { size: true });
      this._change({ size });
    } catch (error) {
      this._change({ size: null, error });
    }
  }

  private readonly _onChanged = (): void => {
    const { locals, readings } = this._locals.state;
    const local = this._locals.find(this.id);
    if (local && local !== this._state.local) {
      const begins = local.status === 'In Progress' && this._state.local?.status !== 'In Progress';
      this._change({
        local,
        gone: false,
        works: this._state.works + (begins ? 1 : 0),
        // What was counted is no longer so.
        ...(begins ? { size: null } : {})
      });
    } else if (!local && locals !== null && this._state.details !== null) {
      this._change({ gone: true });
    }
    if (readings !== this._readings) {
      this._readings = readings;
      this._readSoon();
    }
  };

  private _readSoon(): void {
    if (this._timer === 0 && this._visible) {
      this._timer = window.setTimeout(() => {
        this._timer = 0;
        void this.refresh(true);
      }, PAUSE);
    }
  }

  private _change(change: Partial<ILocalDetailState>): void {
    if (!this._disposed) {
      this._state = { ...this._state, ...change };
      this._stateChanged.emit(this._state);
    }
  }

  private readonly _stateChanged = new Signal<this, ILocalDetailState>(this);
  private _disposed = false;
  private _readings: number;
  private _state: ILocalDetailState;
  private _timer = 0;
  private _turn = 0;
  private _visible = false;
}

const NOTHING: ILocalDetailState = {
  local: null,
  details: null,
  drift: null,
  error: null,
  gone: false,
  size: null,
  works: 0
};
