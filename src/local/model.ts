import type { IDisposable } from '@lumino/disposable';
import { type ISignal, Signal } from '@lumino/signaling';

import type { LocalRoutes } from '../api/localRoutes';
import type { Local } from '../api/schemas';
import { ResumingSocket } from '../live/resumingSocket';

/** Milliseconds between two readings: what is made tells that it goes on more often than anybody reads. */
const BREATH = 250;

export interface ILocalState {
  /** Those made here, then the found ones, by name; `null` until the first answer. */
  readonly locals: readonly Local[] | null;
  /** Why the last request failed; `null` after one that worked. */
  readonly error: unknown;
  /** Whether somebody waits for an answer they asked for. */
  readonly refreshing: boolean;
  /** How often they were read: whoever shows more of one has to read it again then. */
  readonly readings: number;
}

/** The Local environments of this Jupyter server: read once, and again whenever the server says that one has changed. */
export class LocalModel implements IDisposable {
  constructor(readonly routes: LocalRoutes) {}

  get state(): ILocalState {
    return this._state;
  }

  get stateChanged(): ISignal<this, ILocalState> {
    return this._stateChanged;
  }

  get isDisposed(): boolean {
    return this._disposed;
  }

  dispose(): void {
    if (!this._disposed) {
      this._disposed = true;
      this._socket?.dispose();
      Signal.clearData(this);
    }
  }

  /** Read them, and begin to listen; each connection reads them, for what was missed before it. */
  connect(): void {
    this._socket ??= new ResumingSocket({
      settings: this.routes.settings,
      path: () => 'local-events',
      onFrame: () => void this._read(),
      onConnected: connected => void (connected && this._read())
    });
  }

  find(id: string): Local | undefined {
    return this._state.locals?.find(local => local.id === id);
  }

  /** Read them now. Never rejects: the state says what went wrong. */
  async refresh(): Promise<void> {
    this._change({ refreshing: true });
    await this._read();
    this._change({ refreshing: false });
  }

  /** Read them unless that was done; resolves once it was tried. */
  async ensure(): Promise<void> {
    if (this._state.locals === null) {
      await (this._reading ?? this.refresh());
    }
  }

  /** What the server just answered about one of them. */
  put(local: Local): void {
    this._turn += 1;
    const { locals } = this._state;
    if (locals !== null) {
      this._take([...locals.filter(({ id }) => id !== local.id), local]);
    }
  }

  drop(id: string): void {
    this._turn += 1;
    const { locals } = this._state;
    if (locals !== null) {
      this._take(locals.filter(local => local.id !== id));
    }
  }

  /** One reading at a time; what is asked for meanwhile is answered by one more after it. */
  private _read(): Promise<void> {
    this._again = this._reading !== null;
    this._reading ??= this._readAll().finally(() => {
      this._reading = null;
    });
    return this._reading;
  }

  private async _readAll(): Promise<void> {
    for (;;) {
      const turn = this._turn;
      try {
        const locals = await this.routes.locals(!this._state.refreshing);
        if (turn === this._turn) {
          this._take(locals, { error: null, readings: this._state.readings + 1 });
        } else {
          // Something was put here meanwhile that this answer may not know.
          this._again = true;
        }
      } catch (error) {
        this._change({ error });
      }
      if (!this._again || this._disposed) {
        return;
      }
      await new Promise(resolve => window.setTimeout(resolve, BREATH));
      this._again = false;
    }
  }

  private _take(locals: readonly Local[], change: Partial<ILocalState> = {}): void {
    this._change({ ...change, locals: [...locals].sort(inOrder) });
  }

  private _change(change: Partial<ILocalState>): void {
    if (!this._disposed) {
      this._state = { ...this._state, ...change };
      this._stateChanged.emit(this._state);
    }
  }

  private readonly _stateChanged = new Signal<this, ILocalState>(this);
  private _again = false;
  private _disposed = false;
  private _reading: Promise<void> | null = null;
  private _socket: ResumingSocket | null = null;
  private _state: ILocalState = { locals: null, error: null, refreshing: false, readings: 0 };
  /** Counts what was put here, so that an older answer does not undo it. */
  private _turn = 0;
}

const COLLATOR = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' });

function inOrder(a: Local, b: Local): number {
  return (
    Number(a.kind !== 'made') - Number(b.kind !== 'made') ||
    COLLATOR.compare(a.name, b.name) ||
    (a.id < b.id ? -1 : 1)
  );
}
