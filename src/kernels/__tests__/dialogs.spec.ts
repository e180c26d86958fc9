import { type ISessionContext, SessionContextDialogs } from '@jupyterlab/apputils';
import { type IPlugin, PluginRegistry, Token } from '@lumino/coreutils';

import { replaceSelectKernel, type SelectKernel } from '../dialogs';

const IDialogs = new Token<ISessionContext.IDialogs>('the token of the dialogs');
const context = {} as ISessionContext;

/** Our plugin beside one that provides the dialogs, as in JupyterLab's own registry. */
async function together(dialogs: ISessionContext.IDialogs, select: SelectKernel): Promise<boolean> {
  const registry = new PluginRegistry();
  const provider: IPlugin<null, ISessionContext.IDialogs> = {
    id: 'somebody:dialogs',
    provides: IDialogs,
    activate: () => dialogs
  };
  let replaced = false;
  const ours: IPlugin<null, void> = {
    id: 'ours',
    optional: [IDialogs],
    activate: (_, found: ISessionContext.IDialogs | null) => {
      replaced = found !== null && replaceSelectKernel(found, select);
    }
  };
  registry.registerPlugins([provider, ours] as IPlugin<null, unknown>[]);
  await registry.activatePlugin('ours');
  return replaced;
}

describe('replaceSelectKernel', () => {
  it("asks in the place of JupyterLab's own dialogs, which restart as before", async () => {
    const dialogs = new SessionContextDialogs();
    const select = jest.fn().mockResolvedValue(undefined);
    expect(await together(dialogs, select)).toBe(true);
    await dialogs.selectKernel(context);
    expect(select).toHaveBeenCalledWith(context, expect.any(Function));
    expect(Object.hasOwn(dialogs, 'restart')).toBe(false);
  });

  it("can leave it to JupyterLab's own", async () => {
    const own = jest
      .spyOn(SessionContextDialogs.prototype, 'selectKernel')
      .mockResolvedValue(undefined);
    const dialogs = new SessionContextDialogs();
    await together(dialogs, (given, cores) => cores(given, cores));
    await dialogs.selectKernel(context);
    expect(own.mock.calls[0][0]).toBe(context);
    own.mockRestore();
  });

  it('stands back when another extension provides the dialogs', async () => {
    const others = { selectKernel: jest.fn(), restart: jest.fn() };
    const select = jest.fn();
    expect(await together(others, select)).toBe(false);
    await others.selectKernel(context);
    expect(select).not.toHaveBeenCalled();
    expect(others.selectKernel).toHaveBeenCalledTimes(1);
  });

  it('stands back when another extension derives from the dialogs, or was there first', async () => {
    class Derived extends SessionContextDialogs {}
    expect(await together(new Derived(), jest.fn())).toBe(false);
    const taken = new SessionContextDialogs();
    expect(await together(taken, jest.fn())).toBe(true);
    expect(await together(taken, jest.fn())).toBe(false);
  });
});
