import { type ISignal, Signal } from '@lumino/signaling';

import { type ApiClient, ApiError } from '../../api/client';
import type { Policy, Violating } from '../../api/schemas';
import {
  bodyOf,
  errorsAt,
  formOf,
  type IFormError,
  type IPolicyForm,
  unreadable
} from './policyForm';

export interface IPolicyDraftState {
  /** As the server has it; `null` until it has said so. */
  readonly saved: Policy | null;
  readonly form: IPolicyForm | null;
  /** Whether the form says something else than the server. */
  readonly changed: boolean;
  /** Whether somebody else saved another policy while this one was changed. */
  readonly overtaken: boolean;
  readonly errors: readonly IFormError[];
  /** Why it could not be read or saved, when that is not about fields. */
  readonly problem: unknown;
  readonly saving: boolean;
  /** Published environments that the saved policy would not allow. */
  readonly violating: readonly Violating[] | null;
  /** Whether it was saved just now, and nothing was changed since. */
  readonly done: boolean;
}

type Source = Pick<ApiClient, 'policy' | 'setPolicy' | 'violating'> & {
  readonly settings: { readonly baseUrl: string };
};

interface IKept {
  base: Policy;
  form: IPolicyForm;
}

/**
 * The policy while it is edited. What was changed stays when the section is left and when the page is loaded again; it
 * goes with `save` and `discard`.
 */
export class PolicyDraft {
  constructor(private readonly _source: Source) {
    this._key = `jupyter_dataflow_envs:policy:${_source.settings.baseUrl}`;
    const kept = this._kept();
    if (kept) {
      this._state = { ...this._state, saved: kept.base, form: kept.form, changed: true };
    }
  }

  get state(): IPolicyDraftState {
    return this._state;
  }

  get stateChanged(): ISignal<this, IPolicyDraftState> {
    return this._stateChanged;
  }

  /** Read the policy, and what violates it. Never rejects: the state says what went wrong. */
  async read(): Promise<void> {
    try {
      const [policy, violating] = await Promise.all([
        this._source.policy(),
        this._source.violating()
      ]);
      const { changed, saved } = this._state;
      if (changed) {
        const overtaken = JSON.stringify(saved) !== JSON.stringify(policy);
        this._change({
          saved: policy,
          violating,
          overtaken: this._state.overtaken || overtaken,
          problem: null
        });
      } else {
        this._change({ saved: policy, form: formOf(policy), violating, problem: null });
      }
    } catch (problem) {
      this._change({ problem });
    }
  }

  edit(change: Partial<IPolicyForm>): void {
    const { form, saved, errors } = this._state;
    if (form === null || saved === null) {
      return;
    }
    const next = { ...form, ...change };
    const changed =
      JSON.stringify(bodyOf(next)) !== JSON.stringify(bodyOf(formOf(saved))) ||
      unreadable(next).length > 0;
    this._change({
      form: next,
      changed,
      overtaken: changed && this._state.overtaken,
      errors: errors.filter(({ field }) => !(field in change)),
      done: false
    });
    this._keep();
  }

  discard(): void {
    const { saved } = this._state;
    this._change({
      form: saved && formOf(saved),
      changed: false,
      overtaken: false,
      errors: [],
      problem: null,
      done: false
    });
    this._keep();
  }

  /**
   * @param notANumber - what is said at a field that holds none
   * @returns whether the server took it
   */
  async save(notANumber: string): Promise<boolean> {
    const { form } = this._state;
    if (form === null || this._state.saving) {
      return false;
    }
    const wrong = unreadable(form);
    if (wrong.length > 0) {
      this._change({ errors: wrong.map(field => ({ field, row: null, message: notANumber })) });
      return false;
    }
    this._change({ saving: true, problem: null, errors: [], done: false });
    try {
      const { violating, ...policy } = await this._source.setPolicy(bodyOf(form));
      this._change({
        saved: policy,
        form: formOf(policy),
        changed: false,
        overtaken: false,
        violating,
        saving: false,
        done: true
      });
      this._keep();
      return true;
    } catch (error) {
      const fields = error instanceof ApiError ? error.errors : [];
      this._change({
        saving: false,
        errors: errorsAt(form, fields),
        problem: fields.length > 0 ? null : error
      });
      return false;
    }
  }

  private _change(change: Partial<IPolicyDraftState>): void {
    this._state = { ...this._state, ...change };
    this._stateChanged.emit(this._state);
  }

  private _keep(): void {
    const { changed, form, saved } = this._state;
    try {
      if (changed) {
        window.sessionStorage.setItem(this._key, JSON.stringify({ base: saved, form }));
      } else {
        window.sessionStorage.removeItem(this._key);
      }
    } catch {
      // A browser that keeps nothing: then it lasts as long as the tab.
    }
  }

  private _kept(): IKept | null {
    try {
      return JSON.parse(window.sessionStorage.getItem(this._key) ?? 'null') as IKept | null;
    } catch {
      return null;
    }
  }

  private readonly _key: string;
  private _state: IPolicyDraftState = {
    saved: null,
    form: null,
    changed: false,
    overtaken: false,
    errors: [],
    problem: null,
    saving: false,
    violating: null,
    done: false
  };
  private readonly _stateChanged = new Signal<this, IPolicyDraftState>(this);
}
