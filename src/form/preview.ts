import type { IDisposable } from '@lumino/disposable';
import { type ISignal, Signal } from '@lumino/signaling';

import type { ApiClient } from '../api/client';
import type { Preview } from '../api/schemas';
import { type IValues, requestOf } from './values';

export interface IPreviewState {
  /** When the running solve began, in milliseconds; `null` when none runs. */
  readonly since: number | null;
  readonly result: Preview | null;
  /** Why there is no result. */
  readonly error: unknown;
  /** What the result or the error is about. */
  readonly of: IValues | null;
}

const NOTHING: IPreviewState = { since: null, result: null, error: null, of: null };

/** One solve at a time of what stands in the form; the latest replaces the one before, Cancel forgets it. */
export class PreviewModel implements IDisposable {
  /** @param shortName - of the environment that is edited; `null` for a new one */
  constructor(
    private readonly _client: Pick<ApiClient, 'preview' | 'previewSpec'>,
    private readonly _shortName: string | null
  ) {}

  get state(): IPreviewState {
    return this._state;
  }

  get stateChanged(): ISignal<this, IPreviewState> {
    return this._stateChanged;
  }

  /** Never rejects: the state says what went wrong, and the error is given back too. */
  async solve(values: IValues): Promise<unknown> {
    this._running?.abort();
    const running = new AbortController();
    this._running = running;
    this._change({ ...NOTHING, since: Date.now() });
    const request = requestOf(values);
    let result: Preview | null = null;
    let error: unknown = null;
    try {
      result =
        this._shortName === null
          ? await this._client.previewSpec(request, running.signal)
          : await this._client.preview(this._shortName, request, running.signal);
    } catch (reason) {
      error = reason;
    }
    if (this._running !== running) {
      return null;
    }
    this._running = null;
    this._change({ since: null, result, error, of: values });
    return error;
  }

  /** Stop the solve, or put its result away. */
  clear(): void {
    this._running?.abort();
    this._running = null;
    this._change(NOTHING);
  }

  get isDisposed(): boolean {
    return this._disposed;
  }

  dispose(): void {
    this._disposed = true;
    this._running?.abort();
    this._running = null;
    Signal.clearData(this);
  }

  private _change(state: IPreviewState): void {
    this._state = state;
    this._stateChanged.emit(state);
  }

  private readonly _stateChanged = new Signal<this, IPreviewState>(this);
  private _disposed = false;
  private _running: AbortController | null = null;
  private _state = NOTHING;
}
