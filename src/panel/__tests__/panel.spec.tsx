import '@testing-library/jest-dom';

import { CommandRegistry } from '@lumino/commands';
import { Signal } from '@lumino/signaling';
import { act, render, screen, waitFor, within } from '@testing-library/react';
import { userEvent } from '@testing-library/user-event';
import * as React from 'react';

import { alice, environment, local, trans } from '../../__tests__/sample';
import { ApiError } from '../../api/client';
import type { Environment, Local, Me } from '../../api/schemas';
import { LocalCommandIDs } from '../../local/commandIds';
import { LocalModel } from '../../local/model';
import { Settings } from '../../settings';
import { CommandIDs } from '../../tokens';
import { Workbench, WorkbenchProvider } from '../../workbench';
import { EnvironmentsPanel } from '../environmentsPanel';

describe('EnvironmentsPanel', () => {
  let items: Environment[];
  let locals: Local[];
  let failure: Error | null;
  let me: Me;
  let done: string[];
  let workbench: Workbench;

  beforeEach(() => {
    // A page without a layout has no height, and a list without one has no rows in sight.
    jest.spyOn(Element.prototype, 'clientHeight', 'get').mockReturnValue(600);
    jest.spyOn(Element.prototype, 'clientWidth', 'get').mockReturnValue(280);
    jest.spyOn(HTMLElement.prototype, 'offsetHeight', 'get').mockReturnValue(56);
    window.localStorage.clear();
    items = [];
    locals = [];
    failure = null;
    me = alice;
    done = [];
    const commands = new CommandRegistry();
    for (const id of [
      CommandIDs.open,
      CommandIDs.create,
      CommandIDs.importFile,
      CommandIDs.showAdmin,
      CommandIDs.newNotebook,
      CommandIDs.duplicate,
      CommandIDs.compare,
      CommandIDs.openLocal,
      LocalCommandIDs.create,
      LocalCommandIDs.newNotebook,
      LocalCommandIDs.action('register_kernel'),
      LocalCommandIDs.action('cancel')
    ]) {
      commands.addCommand(id, {
        label: id,
        execute: args => void done.push(`${id} ${JSON.stringify(args)}`)
      });
    }
    const client = {
      settings: { baseUrl: 'http://server/' },
      environments: () =>
        failure ? Promise.reject(failure) : Promise.resolve({ items, next: null }),
      locals: () => Promise.resolve(locals)
    };
    const events = {
      connected: true,
      happened: new Signal({}),
      progressed: new Signal({}),
      stale: new Signal({}),
      connectedChanged: new Signal({})
    };
    const kernelspecs = { refreshSpecs: () => Promise.resolve() };
    workbench = new Workbench(
      {
        client,
        events,
        settings: new Settings(null),
        trans,
        me: () => Promise.resolve(me)
      } as never,
      commands,
      kernelspecs as never,
      new LocalModel(client as never)
    );
  });

  afterEach(() => {
    workbench.environments.dispose();
    workbench.local.dispose();
    jest.restoreAllMocks();
  });

  async function shown(): Promise<void> {
    render(
      <WorkbenchProvider value={workbench}>
        <EnvironmentsPanel />
      </WorkbenchProvider>
    );
    await act(() => Promise.all([workbench.environments.ensure(), workbench.local.ensure()]));
  }

  const rows = (name = 'Dataflow Environments') =>
    within(screen.getByRole('list', { name })).getAllByRole('listitem');

  it('shows rows to come while it waits', async () => {
    render(
      <WorkbenchProvider value={workbench}>
        <EnvironmentsPanel />
      </WorkbenchProvider>
    );
    expect(screen.getAllByRole('status', { name: 'Loading…' })).toHaveLength(2);
    await act(() => Promise.all([workbench.environments.ensure(), workbench.local.ensure()]));
    expect(screen.queryByRole('status', { name: 'Loading…' })).toBeNull();
  });

  it('says what to do when there is nothing yet', async () => {
    await shown();
    expect(screen.getByText('No environments yet.')).toBeInTheDocument();
    await userEvent.click(screen.getByRole('button', { name: 'Import…' }));
    expect(done).toEqual([`${CommandIDs.importFile} {}`]);
  });

  it("names other people's owners, what is deprecated and what was edited", async () => {
    const deprecated = { reason: 'Use b.', at: '2026-11-01T12:00:00Z' };
    items = [
      environment({ short_name: 'a', latest_version: 3, modified: true }),
      environment({ short_name: 'b', owner: 'bob', status: 'Published', deprecated })
    ];
    await shown();
    expect(rows()[0]).toHaveTextContent('edited since v3');
    expect(rows()[0]).not.toHaveTextContent('alice');
    expect(rows()[1]).toHaveTextContent('bob');
    expect(rows()[1]).toHaveTextContent('deprecated');
    expect(rows()[1]).toHaveAttribute('aria-setsize', '2');
    expect(rows()[1]).toHaveAttribute('aria-posinset', '2');
  });

  it('draws only what is in sight of a thousand', async () => {
    items = Array.from({ length: 1000 }, (_, i) =>
      environment({ short_name: `e${i}`, full_name: `Environment ${i}` })
    );
    await shown();
    expect(rows().length).toBeLessThan(40);
    const name = items[999].full_name;
    await userEvent.type(screen.getByRole('searchbox'), '999');
    expect(rows()).toHaveLength(1);
    expect(screen.getByRole('button', { name })).toBeInTheDocument();
    expect(screen.getByText('1 of 1000 environments')).toBeInTheDocument();
  });

  it('moves between rows with the keyboard, of which Tab reaches one', async () => {
    items = ['a', 'b', 'c'].map(name => environment({ short_name: name, full_name: name }));
    await shown();
    const name = (text: string) => screen.getByRole('button', { name: text });
    act(() => name('a').focus());
    await userEvent.keyboard('{ArrowDown}');
    expect(name('b')).toHaveFocus();
    expect(workbench.current).toBe('b');
    expect(name('a')).toHaveAttribute('tabindex', '-1');
    await userEvent.keyboard('{End}');
    expect(name('c')).toHaveFocus();
    await userEvent.keyboard('{Enter}');
    expect(done).toEqual([`${CommandIDs.open} {"shortName":"c"}`]);
    act(() => workbench.environments.drop('c'));
    await waitFor(() => expect(name('b')).toHaveFocus());
  });

  it('keeps the rows when they can not be read again, and tries when told to', async () => {
    items = [environment()];
    await shown();
    failure = new ApiError(503, 'unavailable', 'The database does not answer.');
    await userEvent.click(screen.getByRole('button', { name: 'Refresh' }));
    expect(await screen.findByRole('alert')).toHaveTextContent(
      'The list may be out of date.The database does not answer.'
    );
    expect(rows()).toHaveLength(1);
    failure = null;
    await userEvent.click(screen.getByRole('button', { name: 'Retry' }));
    await waitFor(() => expect(screen.queryByRole('alert')).toBeNull());
  });

  it('says that the service of a team is away, with Local environments as they are', async () => {
    const away =
      "The environment service can't be reached. Local environments and kernels go on working.";
    failure = new ApiError(503, 'unavailable', away);
    locals = [local({ id: 'b', name: 'b' })];
    await shown();
    expect(await screen.findByRole('alert')).toHaveTextContent(away);
    expect(rows('Local Environments')).toHaveLength(1);
    failure = null;
    items = [environment()];
    await userEvent.click(screen.getByRole('button', { name: 'Retry' }));
    await waitFor(() => expect(screen.queryByRole('alert')).toBeNull());
    expect(rows()).toHaveLength(1);
  });

  it('shows Local environments, found ones last, each with what is to be done next', async () => {
    const kernel = { name: 'local-b', display_name: 'Local · b', ours: true };
    const install = { allowed: true, reason: null };
    const no = { allowed: false, reason: 'It has no ipykernel: install that first.' };
    locals = [
      local({
        id: 'found-1',
        name: 'a-venv',
        kind: 'venv',
        has_ipykernel: false,
        actions: { register_kernel: no, install_ipykernel: install }
      }),
      local({ id: 'b', name: 'b', kernel }),
      local({ id: 'c', name: 'c', status: 'Broken', reason: 'Its Python is gone.', actions: {} }),
      local({
        id: 'd',
        name: 'd',
        status: 'In Progress',
        work: 'copy',
        phase: 'linking',
        progress: { packages_done: 2, packages_total: 4, bytes_done: 0, bytes_total: 0 },
        actions: { cancel: { allowed: true, reason: null } }
      })
    ];
    await shown();
    const [b, c, d, venv] = rows('Local Environments');
    expect(b).toHaveTextContent('made here');
    expect(c).toHaveTextContent('Its Python is gone.');
    expect(c).toHaveTextContent('Broken');
    expect(within(c).getByRole('button', { name: 'Activate' })).toHaveAttribute(
      'aria-disabled',
      'true'
    );
    expect(d).toHaveTextContent('linking 2/4');
    expect(venv).toHaveTextContent('py 3.11virtual environment, foundno kernel');
    const press = (row: HTMLElement, name: string) =>
      userEvent.click(within(row).getByRole('button', { name }));
    await press(b, 'Active: New Notebook');
    await press(d, 'Cancel');
    await press(venv, 'Install ipykernel and Activate');
    await press(venv, 'a-venv');
    await userEvent.click(screen.getByRole('button', { name: 'New Local Environment' }));
    expect(done).toEqual([
      'dataflow-envs:local-notebook {"id":"b"}',
      'dataflow-envs:local-cancel {"id":"d"}',
      'dataflow-envs:local-register-kernel {"id":"found-1"}',
      'dataflow-envs:open-local {"id":"found-1"}',
      'dataflow-envs:new-local {}'
    ]);
    expect(workbench.currentLocal).toBe('found-1');
  });

  it('filters Local environments too, and draws only what is in sight of 200', async () => {
    locals = Array.from({ length: 200 }, (_, i) =>
      local({ id: `found-${i}`, name: `env ${i}`, kind: 'conda', prefix: `/envs/${i}` })
    );
    await shown();
    expect(rows('Local Environments').length).toBeLessThan(40);
    await userEvent.type(screen.getByRole('searchbox'), '/envs/177 conda');
    expect(rows('Local Environments')).toHaveLength(1);
    expect(screen.getByRole('button', { name: 'env 177' })).toBeInTheDocument();
  });

  it('shows administrators what waits for them, and nobody else', async () => {
    items = [environment({ status: 'Pending Approval' })];
    await shown();
    expect(screen.queryByRole('list', { name: 'Waiting for approval' })).toBeNull();
    me = { ...alice, is_admin: true };
    await act(() => workbench.environments.refresh());
    expect(rows('Waiting for approval')).toHaveLength(1);
    await userEvent.click(screen.getByRole('button', { name: 'Review' }));
    expect(done).toEqual([`${CommandIDs.open} {"shortName":"mlenv","section":"review"}`]);
  });

  it('remembers which sections are folded', async () => {
    await shown();
    await userEvent.click(screen.getByRole('button', { name: /^Local Environments/ }));
    expect(screen.queryByRole('list', { name: 'Local Environments' })).toBeNull();
    expect(window.localStorage.getItem('jupyter-dataflow-envs:collapsed:http://server/')).toBe(
      '["local"]'
    );
  });
});
