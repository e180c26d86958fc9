import '../style/base.css';
import '../style/ui.css';

import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { KernelSpec } from '@jupyterlab/services';
import { linkIcon } from '@jupyterlab/ui-components';
import { type ISignal, Signal } from '@lumino/signaling';
import * as React from 'react';

import { Announcer } from './actions/announcer';
import { elsewhereLabel, pageFor } from './actions/elsewhere';
import { type ActionName, type ILook, looks } from './actions/looks';
import { Running } from './actions/running';
import type { Environment } from './api/schemas';
import { EnvironmentsModel } from './environments/model';
import type { LocalModel } from './local/model';
import type { IDataflowEnvironments } from './tokens';

/** What every view works with. */
export interface IWorkbench extends IDataflowEnvironments {
  readonly commands: JupyterFrontEnd['commands'];
  readonly environments: EnvironmentsModel;
  readonly local: LocalModel;
  /** The kernels of this Jupyter server. */
  readonly kernelspecs: KernelSpec.IManager;
  readonly looks: Record<ActionName, ILook>;
  /** What is under way, so that buttons can be busy. */
  readonly running: Running;
  /** Tells those who hear the page what was done. */
  readonly announcer: Announcer;
  /** The environment that commands without arguments act on: of the row or tab that had the focus last. */
  current: string | null;
  /** The same of Local environments, by its id. */
  currentLocal: string | null;
  readonly currentChanged: ISignal<IWorkbench, void>;
  /** A file that was dropped somewhere, for the form that `CommandIDs.importFile` opens: it takes it from here. */
  pendingImport: IPendingImport | null;
}

export interface IPendingImport {
  fileName: string;
  text: string;
}

/** Made with the first view; it lasts as long as the page. */
export class Workbench implements IWorkbench {
  constructor(
    shared: IDataflowEnvironments,
    readonly commands: JupyterFrontEnd['commands'],
    readonly kernelspecs: KernelSpec.IManager,
    readonly local: LocalModel
  ) {
    this.client = shared.client;
    this.events = shared.events;
    this.settings = shared.settings;
    this.trans = shared.trans;
    this.me = again => shared.me(again);
    this.looks = looks(shared.trans);
    this.environments = new EnvironmentsModel(shared.client, this.me, shared.events);
    const follow = () => {
      this.environments.interval = this.settings.get('pollInterval');
    };
    follow();
    this.settings.changed.connect(follow);
  }

  readonly announcer = new Announcer();
  readonly client: IWorkbench['client'];
  readonly environments: EnvironmentsModel;
  readonly events: IWorkbench['events'];
  readonly looks: IWorkbench['looks'];
  readonly me: IWorkbench['me'];
  readonly running = new Running();
  readonly settings: IWorkbench['settings'];
  readonly trans: IWorkbench['trans'];

  /** For who has the workbench only once it was loaded, and must not load more than that. */
  standing(environment: Environment, action: ActionName): IStanding {
    return standing(this, environment, action);
  }

  get current(): string | null {
    return this._current;
  }

  set current(shortName: string | null) {
    if (shortName !== this._current) {
      this._current = shortName;
      this._currentChanged.emit();
    }
  }

  get currentLocal(): string | null {
    return this._currentLocal;
  }

  set currentLocal(id: string | null) {
    if (id !== this._currentLocal) {
      this._currentLocal = id;
      this._currentChanged.emit();
    }
  }

  get currentChanged(): ISignal<this, void> {
    return this._currentChanged;
  }

  pendingImport: IPendingImport | null = null;

  private _current: string | null = null;
  private readonly _currentChanged = new Signal<this, void>(this);
  private _currentLocal: string | null = null;
}

/** Whether the person may do that now, and if not, why: the server's words. */
export function decisionOf(
  environment: Environment,
  action: ActionName
): { allowed: boolean; reason: string | null } {
  return environment.actions[action] ?? { allowed: false, reason: null };
}

/**
 * How an action stands here. Where an administrator decides on the environment service's own pages, it leads there.
 */
export function standing(
  { environments, looks, trans }: Pick<IWorkbench, 'environments' | 'looks' | 'trans'>,
  environment: Environment,
  action: ActionName
): IStanding {
  const { allowed, reason } = decisionOf(environment, action);
  const page = pageFor(environment, action, environments.state.me);
  const look = looks[action];
  return page === null
    ? { ...look, allowed, refusal: reason, caption: null, page }
    : {
        label: elsewhereLabel(action, look.label, trans),
        icon: linkIcon,
        allowed: true,
        refusal: null,
        caption: reason,
        page
      };
}

export interface IStanding extends ILook {
  allowed: boolean;
  /** Why it is not allowed: the server's words. */
  refusal: string | null;
  /** Why it is done elsewhere. */
  caption: string | null;
  /** Where, if it is. */
  page: string | null;
}

const Context = React.createContext<IWorkbench | null>(null);

export const WorkbenchProvider = Context.Provider;

export function useWorkbench(): IWorkbench {
  const workbench = React.useContext(Context);
  if (!workbench) {
    throw new Error('A view of Dataflow Environments stands outside its WorkbenchProvider.');
  }
  return workbench;
}
