import '@testing-library/jest-dom';

import { CommandRegistry } from '@lumino/commands';
import { Signal } from '@lumino/signaling';
import { act, render, screen } from '@testing-library/react';
import * as React from 'react';

import { alice, trans } from '../../__tests__/sample';
import type { Me } from '../../api/schemas';
import { Settings } from '../../settings';
import type { IDataflowEnvironments } from '../../tokens';
import { LocalModel } from '../../local/model';
import { Workbench, WorkbenchProvider } from '../../workbench';
import { Admin } from '../admin';
import { createAdmin } from '../index';
import { PolicyDraft } from '../policy/policyDraft';

function workbenchOf(person: Me): Workbench {
  const nothing = () => Promise.resolve([]);
  const events = {};
  Object.assign(events, {
    happened: new Signal(events),
    progressed: new Signal(events),
    stale: new Signal(events),
    connectedChanged: new Signal(events)
  });
  const shared: IDataflowEnvironments = {
    client: {
      settings: { baseUrl: 'http://localhost/' },
      environments: () => Promise.resolve({ items: [], next: null }),
      reviews: nothing,
      violating: nothing
    } as unknown as IDataflowEnvironments['client'],
    events: events as IDataflowEnvironments['events'],
    settings: new Settings(null),
    trans,
    me: () => Promise.resolve(person)
  };
  return new Workbench(shared, new CommandRegistry(), {} as never, new LocalModel({} as never));
}

async function show(person: Me): Promise<void> {
  const workbench = workbenchOf(person);
  await workbench.environments.refresh();
  await act(async () => {
    render(
      <WorkbenchProvider value={workbench}>
        <Admin args={{}} policy={new PolicyDraft(workbench.client)} onShow={() => undefined} />
      </WorkbenchProvider>
    );
    await Promise.resolve();
  });
}

describe('the administrators’ tab', () => {
  it('is refused to others, and says who they are', async () => {
    await show(alice);
    expect(screen.getByText('Only administrators can see this.')).toBeVisible();
    expect(screen.getByText(/You are logged in as alice/)).toBeVisible();
    expect(screen.queryByRole('tab')).toBeNull();
  });

  it('shows administrators what waits', async () => {
    await show({ ...alice, is_admin: true });
    expect(screen.getByRole('tab', { name: 'Pending' })).toHaveAttribute('aria-selected', 'true');
    expect(screen.getByText('Nothing waits for approval.')).toBeVisible();
  });

  it('keeps its section and review for a reload, and when it is opened without one', () => {
    const view = createAdmin(workbenchOf(alice), { section: 'audit' });
    expect(view.title.caption).toBe('Audit');
    view.open({});
    expect(view.args.section).toBe('audit');
    view.open({ section: 'pending', review: 'r1' });
    expect(view.title.caption).toBe('Pending: review r1');
    view.dispose();
  });
});
