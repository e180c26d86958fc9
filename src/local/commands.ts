import type { ICommandPalette } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { addIcon, fileIcon, notebookIcon } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import { UUID } from '@lumino/coreutils';

import type { Local } from '../api/schemas';
import { environmentsIcon } from '../icons';
import { CommandIDs, type IFormArgs, type ILocalArgs } from '../tokens';
import type { Workbench } from '../workbench';
import { type LocalActionName, localDecision, localLooks } from './looks';
import type { LocalModel } from './model';
import { LocalCommandIDs } from './commandIds';

export interface ILocalCommandsOptions {
  commands: CommandRegistry;
  palette: ICommandPalette | null;
  trans: TranslationBundle;
  model: LocalModel;
  load: () => Promise<Workbench>;
  /** The workbench, if it was loaded. */
  loaded: () => Workbench | null;
  openForm: (args: IFormArgs) => void;
}

const ARGS = {
  type: 'object',
  properties: {
    id: {
      type: 'string',
      description: 'Its id; the Local environment that has the focus by default'
    }
  }
} as const;

/** Everything that can be done with Local environments, as commands; opening one is among those of the start. */
export function addLocalCommands(options: ILocalCommandsOptions): void {
  const { commands, palette, trans, model, load, loaded } = options;
  const category = trans.__('Local Environments');
  const add = (id: string, command: Omit<CommandRegistry.ICommandOptions, 'describedBy'>) => {
    commands.addCommand(id, { ...command, describedBy: { args: ARGS } });
    palette?.addItem({ command: id, category });
  };
  const found = (args: ILocalArgs): Local | undefined => {
    const id = args.id ?? loaded()?.currentLocal;
    return id ? model.find(id) : undefined;
  };

  add(LocalCommandIDs.create, {
    label: trans.__('New Local Environment'),
    icon: addIcon,
    execute: () => options.openForm({ id: UUID.uuid4(), mode: 'local' })
  });
  add(LocalCommandIDs.open, {
    label: trans.__('Open Environment'),
    icon: environmentsIcon,
    isEnabled: args => Boolean(found(args)),
    execute: async (args: ILocalArgs) => {
      const id = found(args)?.id;
      if (id !== undefined) {
        await commands.execute(CommandIDs.openLocal, { ...args, id });
      }
    }
  });
  add(LocalCommandIDs.newNotebook, {
    label: trans.__('New Notebook'),
    icon: notebookIcon,
    isEnabled: args => Boolean(found(args)?.kernel),
    execute: async args => {
      const kernelName = found(args)?.kernel?.name;
      if (kernelName !== undefined) {
        await commands.execute('notebook:create-new', { kernelName });
      }
    }
  });
  add(LocalCommandIDs.showLog, {
    label: trans.__('Show Log'),
    icon: fileIcon,
    caption: args => (found(args)?.has_log ? '' : trans.__('Nothing was done with it here.')),
    isEnabled: args => found(args)?.has_log ?? false,
    execute: async args => {
      const id = found(args)?.id;
      if (id !== undefined) {
        await commands.execute(CommandIDs.openLocal, { id, section: 'log' });
      }
    }
  });
  const looks = localLooks(trans);
  for (const [name, look] of Object.entries(looks) as [LocalActionName, typeof looks.delete][]) {
    const decision = (args: ILocalArgs) => {
      const local = found(args);
      return local && localDecision(local, name);
    };
    add(LocalCommandIDs.action(name), {
      ...look,
      caption: args => decision(args)?.reason ?? '',
      isEnabled: args => decision(args)?.allowed ?? false,
      execute: async args => {
        const local = found(args);
        if (!local) {
          return false;
        }
        const [workbench, { performLocal }] = await Promise.all([
          load(),
          import(/* webpackChunkName: "localactions" */ './perform')
        ]);
        return performLocal(workbench, name, local);
      }
    });
  }
}
