import {
  ILayoutRestorer,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { environmentsIcon } from './icons';
import { EnvironmentsSidebar } from './sidebar';

const PLUGIN_ID = 'jupyter_dataflow_envs:plugin';

export namespace CommandIDs {
  export const open = 'dataflow-envs:open';
}

const plugin: JupyterFrontEndPlugin<void> = {
  id: PLUGIN_ID,
  description: 'The Environments panel.',
  autoStart: true,
  optional: [ICommandPalette, ILayoutRestorer, ISettingRegistry, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    palette: ICommandPalette | null,
    restorer: ILayoutRestorer | null,
    settingRegistry: ISettingRegistry | null,
    translator: ITranslator | null
  ): void => {
    const trans = (translator ?? nullTranslator).load('jupyter_dataflow_envs');
    const sidebar = new EnvironmentsSidebar(trans, async () => {
      const [{ createPanel }, settings] = await Promise.all([
        import(/* webpackChunkName: "panel" */ './panel'),
        settingRegistry?.load(PLUGIN_ID) ?? null
      ]);
      return createPanel({
        serverSettings: app.serviceManager.serverSettings,
        settings,
        trans
      });
    });
    app.shell.add(sidebar, 'left', { rank: 350, type: 'Dataflow Environments' });
    restorer?.add(sidebar, sidebar.id);

    app.commands.addCommand(CommandIDs.open, {
      label: trans.__('Show Environments'),
      caption: trans.__('Show the environments you can use'),
      icon: environmentsIcon,
      describedBy: { args: { type: 'object', properties: {} } },
      execute: () => app.shell.activateById(sidebar.id)
    });
    palette?.addItem({
      command: CommandIDs.open,
      category: trans.__('Dataflow Environments')
    });
  }
};

export default plugin;
