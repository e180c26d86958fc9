import '@testing-library/jest-dom';

import { nullTranslator } from '@jupyterlab/translation';
import { screen, waitFor } from '@testing-library/dom';
import userEvent from '@testing-library/user-event';

import { environment } from '../../__tests__/sample';
import { ApiError } from '../../api/client';
import { DEFAULTS, type ISettingValues } from '../../settings';
import type { IWorkbench } from '../../workbench';
import { Announcer } from '../announcer';
import { looks } from '../looks';
import { perform } from '../perform';
import { Running } from '../running';

const trans = nullTranslator.load('jupyter_dataflow_envs');
const DRAFT = environment({ status: 'Draft', latest_version: 2, usable_version: 2 });

function bench(client: Partial<Record<keyof IWorkbench['client'], jest.Mock>>): IWorkbench {
  return {
    client,
    trans,
    looks: looks(trans),
    running: new Running(),
    announcer: new Announcer(),
    settings: { get: (name: keyof ISettingValues) => DEFAULTS[name] },
    environments: {
      read: jest.fn(() => Promise.resolve(DRAFT)),
      drop: jest.fn(),
      state: { me: { name: 'root', is_admin: true } }
    }
  } as unknown as IWorkbench;
}

// jsdom holds every dialog element for hidden.
describe('perform', () => {
  const person = userEvent.setup();

  it('does the same only once at a time, and says what was done', async () => {
    let finish: (version: { number: number }) => void = () => undefined;
    const build = jest.fn(() => new Promise(resolve => (finish = resolve)));
    const workbench = bench({ build });
    const first = perform(workbench, 'build', DRAFT);
    expect(workbench.running.has('mlenv', 'build')).toBe(true);
    await expect(perform(workbench, 'build', DRAFT)).resolves.toBe(false);
    finish({ number: 3 });
    await expect(first).resolves.toBe(true);
    expect(build).toHaveBeenCalledTimes(1);
    expect(workbench.running.has('mlenv', 'build')).toBe(false);
    await waitFor(() =>
      expect(screen.getByRole('status')).toHaveTextContent('Version 3 of Machine Learning')
    );
  });

  it('shows who has decided before, and can be done again', async () => {
    const approve = jest.fn(() =>
      Promise.reject(
        new ApiError(409, 'conflict', 'too late', [], {
          decision: 'rejected',
          decided_by: 'bob',
          decided_at: new Date().toISOString()
        })
      )
    );
    const workbench = bench({ approve });
    const review = { id: '1', version: 2, state: 'pending', digest: 'd', submitted_by: 'alice' };
    const pending = { ...DRAFT, review } as typeof DRAFT;
    const done = perform(workbench, 'approve', pending);
    await person.click(await screen.findByRole('button', { name: 'Approve', hidden: true }));
    await screen.findByText(/bob rejected it just now/);
    expect(workbench.running.state.size).toBe(0);
    await person.click(screen.getByRole('button', { name: 'Close', hidden: true }));
    await expect(done).resolves.toBe(false);
  });

  it('rejects only with a comment, which may have several lines', async () => {
    const reject = jest.fn(() => Promise.resolve());
    const review = { id: '1', version: 2, state: 'pending', digest: 'd', submitted_by: 'alice' };
    const done = perform(bench({ reject }), 'reject', { ...DRAFT, review } as typeof DRAFT);
    const box = await screen.findByRole('textbox', { name: 'Comment', hidden: true });
    const button = screen.getByRole('button', { name: 'Reject', hidden: true });
    expect(button).toBeDisabled();
    await person.type(box, '{Control>}{Enter}{/Control}');
    await person.type(box, 'Too big.{Enter}Drop torch.');
    expect(button).toBeEnabled();
    await person.type(box, '{Control>}{Enter}{/Control}');
    await expect(done).resolves.toBe(true);
    expect(reject).toHaveBeenCalledWith(review, 'Too big.\nDrop torch.');
  });

  it('lets an administrator delete what is in use, once the uses are read', async () => {
    const remove = jest
      .fn()
      .mockRejectedValueOnce(new ApiError(409, 'conflict', 'It is the base of rep.'))
      .mockResolvedValueOnce(undefined);
    const workbench = bench({ remove });
    const drop = jest.spyOn(workbench.environments, 'drop');
    const done = perform(workbench, 'delete', DRAFT);
    await person.click(await screen.findByRole('button', { name: 'Delete', hidden: true }));
    await screen.findByText('It is the base of rep.');
    await person.click(screen.getByRole('button', { name: 'Delete Anyway', hidden: true }));
    await expect(done).resolves.toBe(true);
    expect(remove).toHaveBeenLastCalledWith('mlenv', true);
    expect(drop).toHaveBeenCalledWith('mlenv');
  });
});
