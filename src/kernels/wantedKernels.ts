import type { ISessionContext } from '@jupyterlab/apputils';
import type { INotebookTracker, NotebookPanel } from '@jupyterlab/notebook';

import { fullNameIn, shortNameIn } from './spec';

/** Which environment a notebook wants that JupyterLab has no kernel for. */
export interface IWanted {
  shortName: string;
  /** As it was called when the notebook was saved. */
  fullName: string;
}

/**
 * Sees to it that a notebook whose environment is not active asks, and is not started with something else: where there
 * is but one Python kernel, or a default one, JupyterLab takes that for every Python notebook and writes it into the file.
 */
export class WantedKernels {
  constructor(tracker: INotebookTracker) {
    tracker.forEach(panel => this._watch(panel));
    tracker.widgetAdded.connect((_, panel) => this._watch(panel));
  }

  /** What this notebook wants; `null` for a context without a notebook, or one that wants no environment. */
  of(context: ISessionContext): IWanted | null {
    this._restore(context);
    const shortName = shortNameIn(context.kernelPreference.name);
    const panel = this._panels.get(context);
    if (shortName === null || !panel) {
      return null;
    }
    const told = panel.model?.getMetadata('kernelspec') as { display_name?: unknown } | undefined;
    const displayName = told?.display_name;
    return {
      shortName,
      fullName: typeof displayName === 'string' ? fullNameIn(displayName) : shortName
    };
  }

  private _watch(panel: NotebookPanel): void {
    const context = panel.sessionContext;
    this._panels.set(context, panel);
    const hold = () => {
      const { name, language, autoStartDefault } = context.kernelPreference;
      if (shortNameIn(name) !== null && (language || autoStartDefault) && !context.isReady) {
        this._held.set(context, { language, autoStartDefault });
        // Without these only the kernel that has this very name is started, else it is asked.
        context.kernelPreference = {
          ...context.kernelPreference,
          language: undefined,
          autoStartDefault: false
        };
      }
    };
    hold();
    context.kernelPreferenceChanged.connect(hold);
    const release = () => {
      context.kernelPreferenceChanged.disconnect(hold);
      this._restore(context);
    };
    this._release.set(context, release);
    void context.ready.then(release);
  }

  private _restore(context: ISessionContext): void {
    const release = this._release.get(context);
    if (release) {
      this._release.delete(context);
      release();
      return;
    }
    const held = this._held.get(context);
    if (held && !context.isDisposed) {
      this._held.delete(context);
      context.kernelPreference = { ...context.kernelPreference, ...held };
    }
  }

  private readonly _held = new WeakMap<
    ISessionContext,
    Pick<ISessionContext.IKernelPreference, 'language' | 'autoStartDefault'>
  >();
  private readonly _panels = new WeakMap<ISessionContext, NotebookPanel>();
  private readonly _release = new WeakMap<ISessionContext, () => void>();
}
