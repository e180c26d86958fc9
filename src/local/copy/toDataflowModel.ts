import type { IDisposable } from '@lumino/disposable';
import { type ISignal, Signal } from '@lumino/signaling';

import { ApiError } from '../../api/client';
import type { Environment, Local, Reproduction } from '../../api/schemas';
import { checkFullName, checkShortName } from '../../form/names';
import type { IWorkbench } from '../../workbench';

/** Milliseconds after the last key before the server is asked whether the name is free. */
const PAUSE = 250;

type Field = 'short_name' | 'full_name' | 'packages';

export interface IToDataflowState {
  /** What would be asked for; `null` until the server has said. */
  readonly found: Reproduction | null;
  readonly shortName: string;
  readonly fullName: string;
  readonly leaveOut: boolean;
  /** What is wrong with each field. */
  readonly problems: Readonly<Partial<Record<Field, readonly string[]>>>;
  /** Of the short name as it stands there: `null` while nobody has asked. */
  readonly nameIs: 'asked' | 'free' | null;
  /** Why nothing could be read, or it was not copied, where no field is to blame. */
  readonly error: unknown;
}

/** What a Local environment's copy in the deployment is to be called, and what becomes of what it can't hold. */
export class ToDataflowModel implements IDisposable {
  constructor(
    private readonly _workbench: Pick<IWorkbench, 'client' | 'environments' | 'local'>,
    private readonly _local: Pick<Local, 'id' | 'name'>,
    private readonly _words: { leaveOut: string }
  ) {
    this._state = { ...NOTHING, fullName: _local.name };
    void this.load();
  }

  get state(): IToDataflowState {
    return this._state;
  }

  get stateChanged(): ISignal<this, void> {
    return this._stateChanged;
  }

  /** The environment that is being built. */
  environment: Environment | null = null;

  get isDisposed(): boolean {
    return this._disposed;
  }

  dispose(): void {
    this._disposed = true;
    window.clearTimeout(this._timer);
    Signal.clearData(this);
  }

  async load(): Promise<void> {
    this._change({ error: null });
    try {
      const found = await this._workbench.local.routes.reproduction(this._local.id);
      this._change({ found });
      if (!this._state.shortName && found.short_name !== null) {
        // Free, as the server says.
        this._change({ shortName: found.short_name, nameIs: 'free' });
      }
    } catch (error) {
      this._change({ error });
    }
  }

  setShortName(text: string): void {
    const shortName = text.toLowerCase();
    const wrong = checkShortName(shortName).map(({ message }) => message);
    window.clearTimeout(this._timer);
    this._change({ shortName, nameIs: wrong.length > 0 ? null : 'asked' });
    this._tell('short_name', wrong);
    if (wrong.length === 0) {
      this._timer = window.setTimeout(() => void this._askName(shortName.trim()), PAUSE);
    }
  }

  setFullName(fullName: string): void {
    this._change({ fullName });
    this._tell('full_name', messagesOf(checkFullName(fullName)));
  }

  setLeaveOut(leaveOut: boolean): void {
    this._change({ leaveOut });
    this._tell('packages', []);
  }

  /** @returns whether the server has begun to build it; else the state says why not */
  async submit(): Promise<boolean> {
    const { found, fullName, leaveOut, shortName } = this._state;
    if (found === null) {
      return false;
    }
    const left = found.unreproducible.length;
    this._change({ error: null });
    this._tell('short_name', messagesOf(checkShortName(shortName)));
    this._tell('full_name', messagesOf(checkFullName(fullName)));
    this._tell('packages', left > 0 && !leaveOut ? [this._words.leaveOut] : []);
    if (Object.values(this._state.problems).some(({ length }) => length > 0)) {
      return false;
    }
    const { environments, local } = this._workbench;
    try {
      this.environment = await local.routes.copyToDataflow(this._local.id, {
        short_name: shortName.trim(),
        full_name: fullName.trim(),
        skip_unreproducible: leaveOut
      });
      environments.put(this.environment);
      return true;
    } catch (error) {
      this._refuse(error);
      return false;
    }
  }

  private _refuse(error: unknown): void {
    const refusal = error instanceof ApiError ? error : null;
    if (refusal?.code === 'short_name_taken') {
      this._tell('short_name', [refusal.message]);
      return;
    }
    const blamed = refusal?.errors.filter(({ field }) => FIELDS.includes(field as Field)) ?? [];
    if (refusal?.code === 'unreproducible') {
      // Something was installed since this was read.
      void this.load();
      this._tell('packages', [refusal.message]);
    } else if (blamed.length > 0) {
      blamed.forEach(({ field, message }) => this._tell(field as Field, [message]));
    } else {
      this._change({ error });
    }
  }

  private async _askName(name: string): Promise<void> {
    const answer = await this._workbench.client.shortName(name).catch(() => null);
    if (this._disposed || this._state.shortName.trim() !== name) {
      return;
    }
    this._change({ nameIs: answer?.available ? 'free' : null });
    if (answer && !answer.available && answer.message !== null) {
      this._tell('short_name', [answer.message]);
    }
  }

  private _tell(field: Field, messages: readonly string[]): void {
    this._change({ problems: { ...this._state.problems, [field]: messages } });
  }

  private _change(change: Partial<IToDataflowState>): void {
    if (!this._disposed) {
      this._state = { ...this._state, ...change };
      this._stateChanged.emit();
    }
  }

  private readonly _stateChanged = new Signal<this, void>(this);
  private _disposed = false;
  private _state: IToDataflowState;
  private _timer = 0;
}

const FIELDS: readonly Field[] = ['short_name', 'full_name'];

const NOTHING: IToDataflowState = {
  found: null,
  shortName: '',
  fullName: '',
  leaveOut: false,
  problems: {},
  nameIs: null,
  error: null
};

function messagesOf(problems: readonly { message: string }[]): string[] {
  return problems.map(({ message }) => message);
}
