import {
  ILayoutRestorer,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { IMainMenu } from '@jupyterlab/mainmenu';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { lockIcon } from '@jupyterlab/ui-components';
import { Menu } from '@lumino/widgets';

import { environmentsIcon } from '../icons';
import { Settings } from '../settings';
import { addCommands } from './commands';
import { Connection } from './connection';
import { EnvironmentsSidebar } from './sidebar';
import { Tabs } from './tabs';
import {
  CommandIDs,
  IDataflowEnvironments,
  type IEnvironmentArgs,
  type IFormArgs,
  type ILocalArgs
} from '../tokens';
import type { LocalModel } from '../local/model';
import type { Workbench } from '../workbench';

const PLUGIN_ID = 'jupyter_dataflow_envs:plugin';

export const connection: JupyterFrontEndPlugin<IDataflowEnvironments> = {
  id: 'jupyter_dataflow_envs:connection',
  description: 'The connection to the environments of the deployment.',
  autoStart: true,
  provides: IDataflowEnvironments,
  optional: [ISettingRegistry, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    settingRegistry: ISettingRegistry | null,
    translator: ITranslator | null
  ): IDataflowEnvironments => {
    const shared = new Connection(
      app.serviceManager.serverSettings,
      new Settings(settingRegistry?.load(PLUGIN_ID) ?? null),
      (translator ?? nullTranslator).load('jupyter_dataflow_envs')
    );
    // Not before the page is there: its own start comes first.
    void app.restored.then(() => shared.events.connect());
    return shared;
  }
};

export const panel: JupyterFrontEndPlugin<void> = {
  id: PLUGIN_ID,
  description: 'The Environments panel, its tabs and its commands.',
  autoStart: true,
  requires: [IDataflowEnvironments],
  optional: [ICommandPalette, ILayoutRestorer, IMainMenu],
  activate: (
    app: JupyterFrontEnd,
    shared: IDataflowEnvironments,
    palette: ICommandPalette | null,
    restorer: ILayoutRestorer | null,
    mainMenu: IMainMenu | null
  ): void => {
    const { trans } = shared;
    let workbench: Workbench | null = null;
    const specs = app.serviceManager.kernelspecs;
    const loadLocal = async (): Promise<LocalModel> => {
      const { startLocal } = await import(/* webpackChunkName: "local" */ '../local');
      return startLocal({ shared, specs, palette, load, loaded, openForm, commands: app.commands });
    };
    const loaded = (): Workbench | null => workbench;
    const load = async (): Promise<Workbench> => {
      const [{ Workbench }, model] = await Promise.all([
        import(/* webpackChunkName: "workbench" */ '../workbench'),
        loadLocal()
      ]);
      if (!workbench) {
        workbench = new Workbench(shared, app.commands, specs, model);
        const changed = () => app.commands.notifyCommandChanged();
        workbench.environments.stateChanged.connect(changed);
        workbench.currentChanged.connect(changed);
      }
      return workbench;
    };

    const sidebar = new EnvironmentsSidebar(trans, async () => {
      const [{ createPanel }, bench] = await Promise.all([
        import(/* webpackChunkName: "panel" */ '../panel'),
        load()
      ]);
      return createPanel(bench);
    });
    app.shell.add(sidebar, 'left', { rank: 350, type: 'Dataflow Environments' });
    restorer?.add(sidebar, sidebar.id);

    const details = new Tabs<IEnvironmentArgs & { shortName: string }>(
      app.shell,
      restorer,
      {
        namespace: 'dataflow-envs-environment',
        command: CommandIDs.open,
        icon: environmentsIcon,
        keyOf: ({ shortName }) => shortName,
        labelOf: ({ shortName }) => shortName,
        load: async args => {
          const [{ createDetail }, bench] = await Promise.all([
            import(/* webpackChunkName: "detail" */ '../detail'),
            load()
          ]);
          return createDetail(bench, args);
        }
      },
      trans
    );
    const forms = new Tabs<IFormArgs>(
      app.shell,
      restorer,
      {
        namespace: 'dataflow-envs-form',
        command: CommandIDs.openForm,
        icon: environmentsIcon,
        keyOf: ({ id }) => id,
        labelOf: ({ mode, shortName }) =>
          mode === 'edit' ? trans.__('Edit %1', shortName ?? '') : trans.__('New Environment'),
        load: async args => {
          const [{ createForm }, bench] = await Promise.all([
            import(/* webpackChunkName: "form" */ '../form'),
            load()
          ]);
          return createForm(bench, args);
        }
      },
      trans
    );
    const openForm = (args: IFormArgs) => forms.open(args);
    const locals = new Tabs<ILocalArgs & { id: string }>(
      app.shell,
      restorer,
      {
        namespace: 'dataflow-envs-local',
        command: CommandIDs.openLocal,
        icon: environmentsIcon,
        keyOf: ({ id }) => id,
        labelOf: ({ id }) => id,
        load: async args => {
          const [{ createLocalDetail }, bench] = await Promise.all([
            import(/* webpackChunkName: "localdetail" */ '../local/detail'),
            load()
          ]);
          return createLocalDetail(bench, args);
        }
      },
      trans
    );
    const admin = new Tabs<{ section?: string }>(
      app.shell,
      restorer,
      {
        namespace: 'dataflow-envs-admin',
        command: CommandIDs.showAdmin,
        icon: lockIcon,
        keyOf: () => 'admin',
        labelOf: () => trans.__('Python Environments'),
        load: async args => {
          const [{ createAdmin }, bench] = await Promise.all([
            import(/* webpackChunkName: "admin" */ '../admin'),
            load()
          ]);
          return createAdmin(bench, args);
        }
      },
      trans
    );

    addCommands({
      app,
      palette,
      trans,
      load,
      loaded,
      showPanel: () => app.shell.activateById(sidebar.id),
      openDetail: args => details.open(args),
      openForm,
      openLocal: args => locals.open(args),
      openAdmin: args => admin.open(args)
    });

    // Its kernels come and go in pages where nobody looks at it.
    void app.restored.then(loadLocal);
    void app.restored.then(async () => {
      const me = await shared.me().catch(() => null);
      if (!me?.is_admin) {
        return;
      }
      palette?.addItem({ command: CommandIDs.showAdmin, category: trans.__('Admin') });
      const menu = new Menu({ commands: app.commands });
      menu.id = 'jp-mainmenu-dataflow-envs-admin';
      menu.title.label = trans.__('Admin');
      menu.addItem({ command: CommandIDs.showAdmin });
      mainMenu?.addMenu(menu, true, { rank: 900 });
    });
  }
};
