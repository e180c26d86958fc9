import type { JupyterFrontEnd } from '@jupyterlab/application';
import type { ICommandPalette } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import {
  addIcon,
  copyIcon,
  fileUploadIcon,
  launcherIcon,
  notebookIcon,
  refreshIcon
} from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import { UUID } from '@lumino/coreutils';

import { type ActionName, looks } from '../actions/looks';
import type { Environment } from '../api/schemas';
import { environmentsIcon } from '../icons';
import {
  CommandIDs,
  type IEnvironmentArgs,
  type IFormArgs,
  type ILocalArgs,
  type Section
} from '../tokens';
import type { Workbench } from '../workbench';

const TEXT = { type: 'string' };
const ENVIRONMENT_ARGS = {
  type: 'object',
  properties: {
    shortName: {
      ...TEXT,
      description: 'Short name; the environment that has the focus by default'
    },
    version: { type: 'number' },
    section: { enum: ['libraries', 'log', 'versions', 'review', 'export'] }
  }
} as const;
const NO_ARGS = { type: 'object', properties: {} } as const;

export interface ICommandsOptions {
  app: JupyterFrontEnd;
  palette: ICommandPalette | null;
  trans: TranslationBundle;
  load: () => Promise<Workbench>;
  /** The workbench, if it was loaded. */
  loaded: () => Workbench | null;
  showPanel: () => void;
  openDetail: (args: { shortName: string; version?: number; section?: Section }) => void;
  openForm: (args: IFormArgs) => void;
  openLocal: (args: ILocalArgs & { id: string }) => void;
  openAdmin: (args: { section?: string }) => void;
}

/**
 * Everything that can be done, as commands. Those about an environment name it in their arguments, else they act on the
 * one that has the focus; whether they are enabled is what the server said of that environment.
 */
export function addCommands(options: ICommandsOptions): void {
  const { app, palette, trans, load, loaded } = options;
  const { commands } = app;
  const category = trans.__('Dataflow Environments');
  const add = (id: string, command: CommandRegistry.ICommandOptions, inPalette = true) => {
    commands.addCommand(id, command);
    if (inPalette) {
      palette?.addItem({ command: id, category });
    }
  };
  const named = (args: IEnvironmentArgs) => args.shortName ?? loaded()?.current ?? null;
  const found = (args: IEnvironmentArgs): Environment | null => {
    const name = named(args);
    return (name !== null && loaded()?.environments.find(name)) || null;
  };
  const environmentOf = async (args: IEnvironmentArgs): Promise<Environment | null> => {
    const workbench = await load();
    const name = named(args);
    return name === null
      ? null
      : (workbench.environments.find(name) ?? workbench.environments.read(name));
  };
  const isNamed = (args: IEnvironmentArgs) => named(args) !== null;

  add(CommandIDs.showPanel, {
    label: trans.__('Show Environments'),
    caption: trans.__('Show the environments you can use'),
    icon: environmentsIcon,
    describedBy: { args: NO_ARGS },
    execute: options.showPanel
  });
  add(
    CommandIDs.showAdmin,
    {
      label: trans.__('Python Environments'),
      caption: trans.__('Reviews, published environments, policy and audit trail'),
      describedBy: { args: { type: 'object', properties: { section: TEXT } } },
      execute: args => options.openAdmin(args)
    },
    false
  );
  add(CommandIDs.create, {
    label: trans.__('New Environment'),
    icon: addIcon,
    describedBy: { args: NO_ARGS },
    execute: () => options.openForm({ id: UUID.uuid4(), mode: 'new' })
  });
  add(CommandIDs.importFile, {
    label: trans.__('Import environment.yml or requirements.txt…'),
    icon: fileUploadIcon,
    describedBy: { args: NO_ARGS },
    execute: () => options.openForm({ id: UUID.uuid4(), mode: 'new', importing: true })
  });
  add(CommandIDs.refresh, {
    label: trans.__('Refresh Environments'),
    icon: refreshIcon,
    describedBy: { args: NO_ARGS },
    execute: async () => (await load()).environments.refresh()
  });
  add(CommandIDs.open, {
    label: trans.__('Open Environment'),
    icon: environmentsIcon,
    describedBy: { args: ENVIRONMENT_ARGS },
    isEnabled: isNamed,
    execute: args => {
      const { section, version } = args as IEnvironmentArgs;
      const shortName = named(args);
      if (shortName !== null) {
        options.openDetail({ shortName, section, version });
      }
    }
  });
  add(CommandIDs.duplicate, {
    label: trans.__('Duplicate'),
    icon: copyIcon,
    describedBy: { args: ENVIRONMENT_ARGS },
    isEnabled: isNamed,
    execute: args => {
      const shortName = named(args);
      if (shortName !== null) {
        options.openForm({ id: UUID.uuid4(), mode: 'duplicate', shortName });
      }
    }
  });
  add(CommandIDs.newNotebook, {
    label: trans.__('New Notebook'),
    icon: notebookIcon,
    describedBy: { args: ENVIRONMENT_ARGS },
    isEnabled: args => found(args)?.active ?? isNamed(args),
    execute: async args => {
      const environment = await environmentOf(args);
      const { running } = await load();
      if (environment?.active && running.begin(environment.short_name, 'new_notebook')) {
        try {
          await commands.execute('notebook:create-new', { kernelName: environment.kernel_name });
        } finally {
          running.end(environment.short_name, 'new_notebook');
        }
      }
    }
  });
  add(CommandIDs.compare, {
    label: trans.__('Compare Versions'),
    icon: launcherIcon,
    describedBy: { args: ENVIRONMENT_ARGS },
    isEnabled: isNamed,
    execute: args => {
      const shortName = named(args);
      if (shortName !== null) {
        options.openDetail({ shortName, section: 'versions' });
      }
    }
  });
  add(
    CommandIDs.openForm,
    {
      label: trans.__('Open Form'),
      describedBy: {
        args: { type: 'object', properties: { id: TEXT, mode: TEXT, shortName: TEXT } }
      },
      execute: args => options.openForm(args as unknown as IFormArgs)
    },
    false
  );

  // At once, for tabs that a reload brings back; all else about Local environments comes with their code.
  add(
    CommandIDs.openLocal,
    {
      label: trans.__('Open Environment'),
      describedBy: { args: { type: 'object', properties: { id: TEXT, section: TEXT } } },
      execute: args => options.openLocal(args as unknown as ILocalArgs & { id: string })
    },
    false
  );

  const all = looks(trans);
  for (const [name, look] of Object.entries(all) as [ActionName, (typeof all)[ActionName]][]) {
    const standing = (args: IEnvironmentArgs) => {
      const environment = found(args);
      return environment && loaded()?.standing(environment, name);
    };
    add(CommandIDs.action(name), {
      label: args => standing(args)?.label ?? look.label,
      icon: args => standing(args)?.icon ?? look.icon,
      caption: args => found(args)?.actions[name]?.reason ?? '',
      describedBy: { args: ENVIRONMENT_ARGS },
      isEnabled: args => standing(args)?.allowed ?? isNamed(args),
      execute: async args => {
        const environment = await environmentOf(args);
        if (!environment) {
          return false;
        }
        const page = loaded()?.standing(environment, name).page;
        if (page) {
          // As `openPage` does, whose module is no part of what a page starts with.
          window.open(page, '_blank', 'noopener,noreferrer');
          return false;
        }
        const shortName = environment.short_name;
        switch (name) {
          case 'edit':
            options.openForm({ id: `edit-${shortName}`, mode: 'edit', shortName });
            return true;
          case 'use_as_base':
            options.openForm({ id: UUID.uuid4(), mode: 'new', base: shortName });
            return true;
          default: {
            const [workbench, { perform }] = await Promise.all([
              load(),
              import(/* webpackChunkName: "actions" */ '../actions/perform')
            ]);
            return perform(workbench, name, environment, (args as IEnvironmentArgs).version);
          }
        }
      }
    });
  }
}
