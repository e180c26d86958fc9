import type { ILauncher } from '@jupyterlab/launcher';
import type { KernelSpec } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';
import { pythonIcon } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import type { ISignal } from '@lumino/signaling';

import { kernelIcon } from '../icons';
import { CommandIDs } from '../tokens';
import { dataflowKernelOf, groupOf, type KernelGroup, localKernelOf } from './spec';

/** The command of JupyterLab's own cards for notebooks. */
const CORES_CARD = 'notebook:create-new';
/** JupyterLab's own first category has 0. */
const RANKS: Record<KernelGroup, number> = { dataflow: -20, local: -10 };

export interface ILauncherCardsOptions {
  commands: CommandRegistry;
  specs: Pick<KernelSpec.IManager, 'specs'>;
  /** Whether the person wants the groups. */
  wanted: () => boolean;
  wantedChanged: ISignal<unknown, unknown>;
  trans: TranslationBundle;
}

/**
 * Put JupyterLab's own cards for Python notebooks in two categories, before all others.
 *
 * The cards stay JupyterLab's: it goes on to add and remove them as kernels come and go, so there are no two of one
 * kernel. They are changed when the launcher tells that it has changed, before it draws itself, so it does not matter
 * who came first.
 */
export function groupLauncherCards(launcher: ILauncher, options: ILauncherCardsOptions): void {
  if (!isModel(launcher)) {
    return;
  }
  const { commands, specs, wanted, wantedChanged, trans } = options;
  const titles: Record<KernelGroup, string> = {
    dataflow: trans.__('Dataflow Environments'),
    local: trans.__('Local Environments')
  };
  addCardCommand(options);
  const specOf = specFinder(specs);
  const original = new WeakMap<ILauncher.IItemOptions, ILauncher.IItemOptions>();
  const arrange = (): void => {
    for (const item of launcher.items()) {
      const before = original.get(item);
      if (before && !wanted()) {
        original.delete(item);
        Object.assign(item, { categoryRank: undefined }, before);
      } else if (!before && wanted() && item.command === CORES_CARD) {
        const group = groupOf(specOf(item.args?.['kernelName']));
        if (group) {
          original.set(item, { ...item });
          Object.assign(item, {
            command: CommandIDs.startNotebook,
            category: titles[group],
            categoryRank: RANKS[group]
          });
        }
      }
    }
  };
  arrange();
  launcher.stateChanged.connect(arrange);
  wantedChanged.connect(() => {
    arrange();
    commands.notifyCommandChanged(CommandIDs.startNotebook);
  });
}

/** Cards outside of JupyterLab's own categories show icon, label and caption of their command. */
function addCardCommand({ commands, specs, trans }: ILauncherCardsOptions): void {
  const specOf = specFinder(specs);
  commands.addCommand(CommandIDs.startNotebook, {
    label: ({ kernelName }) => {
      const spec = specOf(kernelName);
      return (
        dataflowKernelOf(spec)?.fullName ??
        localKernelOf(spec)?.name ??
        spec?.display_name ??
        trans.__('New Notebook')
      );
    },
    caption: ({ kernelName }) => {
      const spec = specOf(kernelName);
      const kernel = dataflowKernelOf(spec);
      if (!kernel) {
        return spec?.display_name ?? '';
      }
      const { fullName, shortName, version } = kernel;
      return version === null
        ? trans.__('%1 (%2)', fullName, shortName)
        : trans.__('%1 (%2), version %3', fullName, shortName, version);
    },
    icon: ({ kernelName }) => (dataflowKernelOf(specOf(kernelName)) ? kernelIcon : pythonIcon),
    describedBy: {
      args: {
        type: 'object',
        properties: {
          kernelName: { type: 'string', description: trans.__('Which kernel to start') },
          cwd: { type: 'string', description: trans.__('In which folder') }
        },
        required: ['kernelName']
      }
    },
    execute: args => commands.execute(CORES_CARD, args)
  });
}

function specFinder(specs: ILauncherCardsOptions['specs']) {
  return (name: unknown): KernelSpec.ISpecModel | undefined =>
    typeof name === 'string' ? specs.specs?.kernelspecs[name] : undefined;
}

/** Whether it is JupyterLab's own kind of launcher, of which the cards can be seen. */
function isModel(launcher: ILauncher): launcher is ILauncher.IModel {
  return 'items' in launcher && 'stateChanged' in launcher;
}
