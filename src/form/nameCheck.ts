import type { IDisposable } from '@lumino/disposable';
import { type ISignal, Signal } from '@lumino/signaling';

import type { INames } from '../local/creating';
import type { IProblem } from './problem';

/** Milliseconds without a change after which the server is asked. */
const PAUSE = 250;

export interface INameState {
  /** Of the name as it stands there: `null` while nobody has asked, or nobody could answer. */
  readonly is: 'asked' | 'free' | 'taken' | null;
  /** Why it can't be had. */
  readonly problem: IProblem | null;
}

const UNKNOWN: INameState = { is: null, problem: null };

/** Whether a short name is still to be had: asked once nobody types any more, and only the last answer counts. */
export class NameCheck implements IDisposable {
  constructor(private readonly _names: INames) {}

  get state(): INameState {
    return this._state;
  }

  get stateChanged(): ISignal<this, INameState> {
    return this._stateChanged;
  }

  /** @param name - `null` for one that need not be asked for */
  ask(name: string | null): void {
    window.clearTimeout(this._timer);
    this._asked += 1;
    if (name === null) {
      this._change(UNKNOWN);
      return;
    }
    const asked = this._asked;
    this._change({ is: 'asked', problem: null });
    this._timer = window.setTimeout(() => void this._answer(name, asked), PAUSE);
  }

  get isDisposed(): boolean {
    return this._disposed;
  }

  dispose(): void {
    this._disposed = true;
    window.clearTimeout(this._timer);
    Signal.clearData(this);
  }

  private async _answer(name: string, asked: number): Promise<void> {
    const answer = await this._names
      .shortName(name)
      // Save will tell.
      .catch(() => null);
    if (this._disposed || asked !== this._asked) {
      return;
    }
    if (answer === null) {
      this._change(UNKNOWN);
      return;
    }
    const { available, message } = answer;
    this._change({
      is: available ? 'free' : 'taken',
      problem:
        available || message === null
          ? null
          : { field: 'short_name', line: null, text: name, message }
    });
  }

  private _change(state: INameState): void {
    this._state = state;
    this._stateChanged.emit(state);
  }

  private readonly _stateChanged = new Signal<this, INameState>(this);
  private _asked = 0;
  private _disposed = false;
  private _state = UNKNOWN;
  private _timer = 0;
}
