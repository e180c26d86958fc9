import { type ISignal, Signal } from '@lumino/signaling';

/** Which actions on which environments are under way: their buttons are busy, and nothing is asked for twice. */
export class Running {
  /** Of `key`; replaced as a whole. */
  get state(): ReadonlySet<string> {
    return this._state;
  }

  get stateChanged(): ISignal<this, ReadonlySet<string>> {
    return this._stateChanged;
  }

  has(shortName: string, action: string): boolean {
    return this._state.has(keyOf(shortName, action));
  }

  /** @returns whether it may go on: not while the same is under way */
  begin(shortName: string, action: string): boolean {
    if (this.has(shortName, action)) {
      return false;
    }
    this._change([...this._state, keyOf(shortName, action)]);
    return true;
  }

  end(shortName: string, action: string): void {
    const ended = keyOf(shortName, action);
    this._change([...this._state].filter(key => key !== ended));
  }

  private _change(keys: readonly string[]): void {
    this._state = new Set(keys);
    this._stateChanged.emit(this._state);
  }

  private _state: ReadonlySet<string> = new Set();
  private readonly _stateChanged = new Signal<this, ReadonlySet<string>>(this);
}

function keyOf(shortName: string, action: string): string {
  return `${action} ${shortName}`;
}
