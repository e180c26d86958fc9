import { LauncherModel } from '@jupyterlab/launcher';
import type { KernelSpec } from '@jupyterlab/services';
import { CommandRegistry } from '@lumino/commands';
import { Signal } from '@lumino/signaling';

import { trans } from '../../__tests__/sample';
import { kernelIcon } from '../../icons';
import { CommandIDs } from '../../tokens';
import { groupLauncherCards } from '../launcherCards';

const specs = {
  specs: {
    default: 'python3',
    kernelspecs: {
      python3: spec('python3', 'Python 3', 'python'),
      ir: spec('ir', 'R', 'R'),
      'dataflow-mlenv': {
        ...spec('dataflow-mlenv', 'Dataflow · Machine Learning', 'python'),
        metadata: {
          dataflow_envs: { category: 'Dataflow Environments', short_name: 'mlenv', version: 3 }
        }
      }
    }
  }
};

function spec(name: string, display: string, language: string): KernelSpec.ISpecModel {
  return { name, display_name: display, language, argv: [], resources: {}, metadata: {} };
}

describe('groupLauncherCards', () => {
  let launcher: LauncherModel;
  let commands: CommandRegistry;
  let wanted: boolean;
  const changed = new Signal<object, void>({});

  const add = (kernelName: string) =>
    launcher.add({
      command: 'notebook:create-new',
      args: { isLauncher: true, kernelName },
      category: 'Notebook'
    });
  const group = () =>
    groupLauncherCards(launcher, {
      commands,
      specs,
      wanted: () => wanted,
      wantedChanged: changed,
      trans
    });
  const categories = () => [...launcher.items()].map(({ category }) => category);

  beforeEach(() => {
    launcher = new LauncherModel();
    commands = new CommandRegistry();
    wanted = true;
  });

  it('moves cards that come later, and those that were there before', () => {
    add('python3');
    group();
    add('dataflow-mlenv');
    add('ir');
    launcher.add({
      command: 'console:create',
      args: { kernelPreference: { name: 'python3' } },
      category: 'Console'
    });
    expect(categories()).toEqual([
      'Local Environments',
      'Dataflow Environments',
      'Notebook',
      'Console'
    ]);
    const ranks = [...launcher.items()].map(({ categoryRank }) => categoryRank);
    expect(ranks).toEqual([-10, -20, undefined, undefined]);
  });

  it('leaves the cards to JupyterLab, which removes them', () => {
    group();
    const card = add('dataflow-mlenv');
    card.dispose();
    expect(categories()).toEqual([]);
  });

  it('gives them back when the groups are not wanted', () => {
    group();
    add('dataflow-mlenv');
    wanted = false;
    changed.emit();
    expect([...launcher.items()]).toEqual([
      expect.objectContaining({ command: 'notebook:create-new', category: 'Notebook' })
    ]);
    wanted = true;
    changed.emit();
    expect(categories()).toEqual(['Dataflow Environments']);
  });

  it('names version and full name, and starts a notebook', async () => {
    group();
    const args = { kernelName: 'dataflow-mlenv', cwd: 'work' };
    const { startNotebook } = CommandIDs;
    expect(commands.label(startNotebook, args)).toBe('Machine Learning');
    expect(commands.caption(startNotebook, args)).toBe('Machine Learning (mlenv), version 3');
    expect(commands.icon(startNotebook, args)).toBe(kernelIcon);
    expect(commands.label(startNotebook, { kernelName: 'python3' })).toBe('Python 3');
    const execute = jest.fn();
    commands.addCommand('notebook:create-new', { execute });
    await commands.execute(startNotebook, args);
    expect(execute).toHaveBeenCalledWith(args);
  });

  it('lets launchers be whose cards nobody can see', () => {
    const other = { add: jest.fn() };
    groupLauncherCards(other, {
      commands,
      specs,
      wanted: () => true,
      wantedChanged: changed,
      trans
    });
    expect(other.add).not.toHaveBeenCalled();
  });
});
