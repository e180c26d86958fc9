import { type ISignal, Signal } from '@lumino/signaling';

import { ApiError } from '../../api/client';
import type { Environment, Local } from '../../api/schemas';
import { checkLocalName } from '../../form/names';
import type { IWorkbench } from '../../workbench';
import { freeName, takenNames } from '../creating';

export interface IToLocalState {
  readonly name: string;
  /** What is wrong with the name. */
  readonly problem: string | null;
  /** Why it was not copied, where the name is not to blame. */
  readonly error: unknown;
}

/** What a Dataflow environment's copy is to be called. */
export class ToLocalModel {
  constructor(
    private readonly _workbench: Pick<IWorkbench, 'local'>,
    private readonly _environment: Pick<Environment, 'short_name'>
  ) {
    const name = freeName(_environment.short_name, takenNames(_workbench.local));
    this._state = { name, problem: null, error: null };
  }

  get state(): IToLocalState {
    return this._state;
  }

  get stateChanged(): ISignal<this, void> {
    return this._stateChanged;
  }

  /** The copy on its way. */
  copy: Local | null = null;

  setName(text: string): void {
    const name = text.toLowerCase();
    this._change({ name, problem: problemIn(name), error: null });
  }

  /** @returns whether the server has begun; else the state says why not, with a name that is free where it was taken */
  async submit(): Promise<boolean> {
    const { local } = this._workbench;
    const name = this._state.name.trim();
    const problem = problemIn(name);
    this._change({ problem, error: null });
    if (problem !== null) {
      return false;
    }
    try {
      this.copy = await local.routes.copyToLocal(this._environment.short_name, name);
      local.put(this.copy);
      return true;
    } catch (error) {
      if (error instanceof ApiError && error.code === 'local_name_taken') {
        const { suggestion } = error.more;
        const free = typeof suggestion === 'string' ? suggestion : name;
        this._change({ name: free, problem: error.message });
      } else if (error instanceof ApiError && error.errors[0]?.field === 'name') {
        this._change({ problem: error.errors[0].message });
      } else {
        this._change({ error });
      }
      return false;
    }
  }

  private _change(change: Partial<IToLocalState>): void {
    this._state = { ...this._state, ...change };
    this._stateChanged.emit();
  }

  private readonly _stateChanged = new Signal<this, void>(this);
  private _state: IToLocalState;
}

function problemIn(name: string): string | null {
  return checkLocalName(name)[0]?.message ?? null;
}
