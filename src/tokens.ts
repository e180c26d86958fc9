import type { TranslationBundle } from '@jupyterlab/translation';
import { Token } from '@lumino/coreutils';

import type { ApiClient } from './api/client';
import type { Me } from './api/schemas';
import type { EventStream } from './live/eventStream';
import type { Settings } from './settings';

/**
 * What every part of the extension shares from the start of JupyterLab on; small on purpose. Views get the `Workbench`,
 * which has more and is loaded with the first of them.
 */
export interface IDataflowEnvironments {
  readonly client: ApiClient;
  readonly events: EventStream;
  readonly settings: Settings;
  readonly trans: TranslationBundle;
  /** Who is logged in; asked once, and again after a failure or where `again` says so. */
  me(again?: boolean): Promise<Me>;
}

export const IDataflowEnvironments = new Token<IDataflowEnvironments>(
  'jupyter_dataflow_envs:IDataflowEnvironments',
  'The connection to the environments of the deployment.'
);

/** Commands; all but the first two take `IEnvironmentArgs`, or act on the environment that has the focus. */
export namespace CommandIDs {
  export const showPanel = 'dataflow-envs:show-panel';
  export const showAdmin = 'dataflow-envs:show-admin';
  export const create = 'dataflow-envs:new';
  export const importFile = 'dataflow-envs:import';
  export const refresh = 'dataflow-envs:refresh';
  /** Opens the detail tab. */
  export const open = 'dataflow-envs:open';
  export const duplicate = 'dataflow-envs:duplicate';
  export const newNotebook = 'dataflow-envs:new-notebook';
  export const compare = 'dataflow-envs:compare';
  /** What cards of the launcher run; takes `kernelName` and `cwd`. */
  export const startNotebook = 'dataflow-envs:start-notebook';
  /** Opens a tab with the form; what `create`, `edit`, `duplicate` and a reload use. */
  export const openForm = 'dataflow-envs:open-form';
  /** Opens the tab of a Local environment; takes `ILocalArgs`. `LocalCommandIDs` has the others about them. */
  export const openLocal = 'dataflow-envs:open-local';
  /** One command for each action of the server's table, such as `dataflow-envs:build`. */
  export const action = (name: string): string => `dataflow-envs:${name.replaceAll('_', '-')}`;
}

/** Sections of the detail tab. */
export type Section = 'libraries' | 'log' | 'versions' | 'review' | 'export';

export interface IEnvironmentArgs {
  shortName?: string;
  version?: number;
  section?: Section;
}

/** Sections of the tab of a Local environment. */
export type LocalSection = 'packages' | 'drift' | 'log';

export interface ILocalArgs {
  id?: string;
  section?: LocalSection;
}

export interface IFormArgs {
  /** Names the tab and its draft, so that a reload finds it again. */
  id: string;
  /** `local`: for a Local environment. */
  mode: 'new' | 'edit' | 'duplicate' | 'local';
  /** Which environment is edited or duplicated. */
  shortName?: string;
  /** Whether the person wants to choose a file to import at once. */
  importing?: boolean;
  /** Build on the usable version of this one. */
  base?: string;
}
