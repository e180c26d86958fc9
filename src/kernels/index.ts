import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ISessionContextDialogs } from '@jupyterlab/apputils';
import { ILauncher } from '@jupyterlab/launcher';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { IDataflowEnvironments } from '../tokens';
import { replaceSelectKernel } from './dialogs';
import { FreshSpecs } from './freshSpecs';
import { groupLauncherCards } from './launcherCards';
import { WantedKernels } from './wantedKernels';

/** Another extension's launcher has an order of its own. */
const CORES_LAUNCHER = '@jupyterlab/launcher-extension:plugin';

export const kernels: JupyterFrontEndPlugin<void> = {
  id: 'jupyter_dataflow_envs:kernels',
  description:
    'Environments as kernels: always up to date, and first in launcher and kernel picker.',
  autoStart: true,
  requires: [IDataflowEnvironments],
  optional: [ILauncher, INotebookTracker, ISessionContextDialogs, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    shared: IDataflowEnvironments,
    launcher: ILauncher | null,
    notebooks: INotebookTracker | null,
    dialogs: ISessionContextDialogs | null,
    translator: ITranslator | null
  ): void => {
    const { client, events, settings, trans } = shared;
    const specs = app.serviceManager.kernelspecs;
    const fresh = new FreshSpecs({ specs, client, events, me: () => shared.me() });
    const wanted = notebooks && new WantedKernels(notebooks);
    if (dialogs) {
      replaceSelectKernel(dialogs, async (context, cores) => {
        const wants = wanted?.of(context) ?? null;
        const picker = await import(/* webpackChunkName: "picker" */ './picker').catch(reason => {
          console.error('The kernel picker of Dataflow Environments could not be loaded.', reason);
          return null;
        });
        const options = { shared, fresh, translator: translator ?? nullTranslator, cores };
        await (picker ? picker.selectKernel(context, wants, options) : cores(context, cores));
      });
    }
    if (launcher && app.hasPlugin(CORES_LAUNCHER)) {
      groupLauncherCards(launcher, {
        commands: app.commands,
        specs,
        wanted: () => settings.get('kernelCategories'),
        wantedChanged: settings.changed,
        trans
      });
    }
  }
};
