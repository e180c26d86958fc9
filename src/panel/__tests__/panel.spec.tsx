import '@testing-library/jest-dom';

import type { KernelSpec } from '@jupyterlab/services';
import { CommandRegistry } from '@lumino/commands';
import { Signal } from '@lumino/signaling';
import { act, render, screen, waitFor, within } from '@testing-library/react';
import { userEvent } from '@testing-library/user-event';
import * as React from 'react';

import { alice, environment, trans } from '../../__tests__/sample';
import { ApiError } from '../../api/client';
import type { Environment, Me } from '../../api/schemas';
import { Settings } from '../../settings';
import { CommandIDs } from '../../tokens';
import { Workbench, WorkbenchProvider } from '../../workbench';
import { EnvironmentsPanel } from '../environmentsPanel';

const SPECS = {
  default: 'python3',
  kernelspecs: {
    python3: { name: 'python3', display_name: 'Python 3 (ipykernel)', language: 'python' },
    ir: { name: 'ir', display_name: 'R', language: 'R' },
    'dataflow-mlenv': {
      name: 'dataflow-mlenv',
      display_name: 'Dataflow · Machine Learning',
      language: 'python',
      metadata: { dataflow_envs: { category: 'Dataflow Environments' } }
    }
  }
} as unknown as KernelSpec.ISpecModels;

describe('EnvironmentsPanel', () => {
  let items: Environment[];
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
      'notebook:create-new'
    ]) {
      commands.addCommand(id, {
        label: id,
        execute: args => void done.push(`${id} ${JSON.stringify(args)}`)
      });
    }
    const client = {
      settings: { baseUrl: 'http://server/' },
      environments: () =>
        failure ? Promise.reject(failure) : Promise.resolve({ items, next: null })
    };
    const events = {
      connected: true,
      happened: new Signal({}),
      progressed: new Signal({}),
      stale: new Signal({}),
      connectedChanged: new Signal({})
    };
    const kernelspecs = {
      specs: SPECS,
      specsChanged: new Signal({}),
      refreshSpecs: () => Promise.resolve()
    };
    workbench = new Workbench(
      {
        client,
        events,
        settings: new Settings(null),
        trans,
        me: () => Promise.resolve(me)
      } as never,
      commands,
      kernelspecs as never
    );
  });

  afterEach(() => {
    workbench.environments.dispose();
    jest.restoreAllMocks();
  });

  async function shown(): Promise<void> {
    render(
      <WorkbenchProvider value={workbench}>
        <EnvironmentsPanel />
      </WorkbenchProvider>
    );
    await act(() => workbench.environments.ensure());
  }

  const rows = (name = 'Dataflow Environments') =>
    within(screen.getByRole('list', { name })).getAllByRole('listitem');

  it('shows rows to come while it waits', async () => {
    render(
      <WorkbenchProvider value={workbench}>
        <EnvironmentsPanel />
      </WorkbenchProvider>
    );
    expect(screen.getByRole('status', { name: 'Loading…' })).toBeInTheDocument();
    await act(() => workbench.environments.ensure());
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
    expect(await screen.findByRole('alert')).toHaveTextContent('The database does not answer.');
    expect(rows()).toHaveLength(1);
    failure = null;
    await userEvent.click(screen.getByRole('button', { name: 'Retry' }));
    await waitFor(() => expect(screen.queryByRole('alert')).toBeNull());
  });

  it('shows the Pythons of this server that are not of the deployment', async () => {
    await shown();
    expect(rows('Local Environments')).toHaveLength(1);
    await userEvent.click(
      screen.getByRole('button', { name: 'New notebook with Python 3 (ipykernel)' })
    );
    expect(done).toEqual(['notebook:create-new {"kernelName":"python3"}']);
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
