import type { KernelSpec } from '@jupyterlab/services';

import { LocalRoutes } from '../api/localRoutes';
import type { IDataflowEnvironments } from '../tokens';
import { addLocalCommands, type ILocalCommandsOptions } from './commands';
import { LocalKernels } from './kernels';
import { LocalModel } from './model';
import type { LocalToasts } from './toasts';

export interface ILocalOptions extends Omit<ILocalCommandsOptions, 'model' | 'trans'> {
  shared: IDataflowEnvironments;
  specs: KernelSpec.IManager;
}

let started: LocalModel | null = null;

/** Begin to follow the Local environments of this Jupyter server, once in a page, after JupyterLab's own start. */
export function startLocal(options: ILocalOptions): LocalModel {
  started ??= start(options);
  return started;
}

function start(options: ILocalOptions): LocalModel {
  const { commands, shared, specs } = options;
  const model = new LocalModel(new LocalRoutes(shared.client));
  addLocalCommands({ ...options, model, trans: shared.trans });
  new LocalKernels(model, specs);
  let loading: Promise<LocalToasts> | null = null;
  model.stateChanged.connect((_, { locals }) => {
    commands.notifyCommandChanged();
    const goesOn = locals?.some(({ status }) => status === 'In Progress');
    if (loading === null && goesOn && shared.settings.get('toasts')) {
      loading = import(/* webpackChunkName: "toasts" */ './toasts').then(
        ({ LocalToasts }) => new LocalToasts(model, shared, commands)
      );
      loading.catch(reason => {
        loading = null;
        console.error('The notifications of Local environments could not be loaded.', reason);
      });
    }
  });
  model.connect();
  return model;
}
