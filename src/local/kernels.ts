import type { KernelSpec } from '@jupyterlab/services';
import type { IDisposable } from '@lumino/disposable';

import { localKernelOf } from '../kernels/spec';
import type { LocalModel } from './model';

/** Milliseconds before each next look: a refresh that meets another one may bring the older list. */
const PAUSES = [0, 100, 200, 400, 800, 1600, 3200];

export type KernelspecSource = Pick<KernelSpec.IManager, 'specs' | 'refreshSpecs'>;

/**
 * Keeps JupyterLab's list of kernels as the Local environments are: it reads that list by itself only once a minute, and
 * in a hidden tab not at all.
 */
export class LocalKernels implements IDisposable {
  constructor(
    private readonly _model: Pick<LocalModel, 'state' | 'stateChanged'>,
    private readonly _specs: KernelspecSource
  ) {
    _model.stateChanged.connect(this._onChanged);
    document.addEventListener('visibilitychange', this._onVisible);
  }

  get isDisposed(): boolean {
    return this._disposed;
  }

  dispose(): void {
    this._disposed = true;
    this._model.stateChanged.disconnect(this._onChanged);
    document.removeEventListener('visibilitychange', this._onVisible);
  }

  private readonly _onChanged = (): void => {
    const { locals } = this._model.state;
    const names = locals?.flatMap(({ kernel }) => (kernel ? [kernel.name] : [])) ?? null;
    const key = names && JSON.stringify([...names].sort());
    if (names && key !== this._key) {
      this._key = key;
      this._names = new Set(names);
      void this._follow();
    }
  };

  private readonly _onVisible = (): void => {
    if (!document.hidden) {
      void this._follow();
    }
  };

  private async _follow(): Promise<void> {
    const turn = ++this._turn;
    for (const pause of PAUSES) {
      if (this._isThere() || this._disposed) {
        return;
      }
      await new Promise(resolve => window.setTimeout(resolve, pause));
      if (turn !== this._turn) {
        return;
      }
      await this._specs.refreshSpecs().catch(() => undefined);
    }
  }

  /** Whether JupyterLab knows all of these kernels, and no Local environment's beside them. */
  private _isThere(): boolean {
    const known = this._specs.specs?.kernelspecs;
    return (
      known !== undefined &&
      [...this._names].every(name => known[name] !== undefined) &&
      Object.entries(known).every(
        ([name, spec]) => localKernelOf(spec) === null || this._names.has(name)
      )
    );
  }

  private _disposed = false;
  private _key: string | null = null;
  private _names: ReadonlySet<string> = new Set();
  private _turn = 0;
}
