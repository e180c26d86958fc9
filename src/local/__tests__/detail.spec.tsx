import '@testing-library/jest-dom';

import { CommandRegistry } from '@lumino/commands';
import { Signal } from '@lumino/signaling';
import { act, render, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import * as React from 'react';

import { local, trans } from '../../__tests__/sample';
import { Running } from '../../actions/running';
import { ApiError } from '../../api/client';
import type { Drift, Local, LocalDetails, LocalPackage } from '../../api/schemas';
import { CommandIDs, type LocalSection } from '../../tokens';
import { WorkbenchProvider } from '../../workbench';
import { LocalDetail } from '../detail/detail';
import { LocalDetailModel } from '../detail/model';

const FROM = { short_name: 'mlenv', full_name: 'Machine Learning', version: 3, digest: 'd' };

function pkg(name: string, change: Partial<LocalPackage> = {}): LocalPackage {
  return {
    name,
    version: '1.0',
    build: 'py_0',
    manager: 'conda',
    channel: 'https://channels/main',
    unreproducible: null,
    ...change
  };
}

describe('LocalDetail', () => {
  let details: LocalDetails | Error;
  let drift: Drift;
  let asked: string[];
  let done: string[];
  let model: LocalDetailModel;
  const locals = {
    state: { locals: [] as Local[], readings: 0, error: null, refreshing: false },
    stateChanged: new Signal<object, void>({}),
    find: (id: string) => locals.state.locals.find(one => one.id === id)
  };

  beforeEach(() => {
    details = { ...local({ copied_from: FROM }), packages: [pkg('numpy')], size: null };
    drift = {
      since: '2026-11-01T12:00:00Z',
      copied_from: FROM,
      added: [],
      removed: [],
      changed: [],
      unchanged: 41
    };
    asked = [];
    done = [];
    locals.state = { ...locals.state, locals: [], readings: 0 };
  });

  afterEach(() => {
    model.dispose();
    jest.useRealTimers();
  });

  async function shown(section: LocalSection = 'packages'): Promise<void> {
    const commands = new CommandRegistry();
    commands.addCommand(CommandIDs.open, {
      execute: args => void done.push(JSON.stringify(args))
    });
    const client = {
      local: (_: string, { size }: { size?: boolean }) => {
        asked.push(size ? 'size' : 'local');
        return details instanceof Error
          ? Promise.reject(details)
          : Promise.resolve(size ? { ...details, size: 1_234_000 } : details);
      },
      drift: () => Promise.resolve(drift)
    };
    model = new LocalDetailModel('mine', client, locals as never);
    const workbench = { client, commands, running: new Running(), trans };
    render(
      <WorkbenchProvider value={workbench as never}>
        <LocalDetail model={model} section={section} onSection={() => undefined} />
      </WorkbenchProvider>
    );
    await act(() => Promise.resolve());
  }

  const change = (changed: Partial<Local>) =>
    act(() => {
      locals.state = {
        ...locals.state,
        locals: [local(changed)],
        readings: locals.state.readings + 1
      };
      locals.stateChanged.emit();
    });

  it('lists packages, filtered and sorted, with why some can not be reproduced', async () => {
    const why = 'installed in editable mode from /src/mylib';
    details = {
      ...(details as LocalDetails),
      packages: [
        pkg('numpy', { version: '2.10' }),
        pkg('rich', { version: '2.9', manager: 'pip', channel: '' }),
        pkg('mylib', { manager: 'pip', channel: '', unreproducible: why })
      ]
    };
    await shown();
    const names = () => screen.getAllByRole('rowheader').map(({ textContent }) => textContent);
    expect(names()).toEqual([`mylib${why}`, 'numpy', 'rich']);
    await userEvent.click(screen.getByRole('button', { name: 'Version' }));
    expect(names()).toEqual([`mylib${why}`, 'rich', 'numpy']);
    await userEvent.click(screen.getByRole('button', { name: /Can’t be reproduced/ }));
    expect(names()).toEqual([`mylib${why}`]);
    await userEvent.click(screen.getByRole('button', { name: /Can’t be reproduced/ }));
    await userEvent.type(screen.getByRole('searchbox'), 'main');
    expect(names()).toEqual(['numpy']);
    expect(screen.getByText('1 of 3 packages')).toBeInTheDocument();
  });

  it('says that nothing has changed since which version, and what has', async () => {
    await shown('drift');
    expect(screen.getByRole('tabpanel')).toHaveTextContent(
      'Nothing has changed since it was copied from mlenv version 3.'
    );
    drift = {
      ...drift,
      added: [pkg('rich', { manager: 'pip' })],
      changed: [{ name: 'numpy', manager: 'conda', left: '1', right: '2', direction: 'up' }]
    };
    await act(() => model.refresh());
    const table = within(screen.getByRole('table', { name: 'What has changed' }));
    expect(table.getByRole('row', { name: /rich/ })).toHaveTextContent('added');
    expect(table.getByRole('row', { name: /numpy/ })).toHaveTextContent('up');
    expect(screen.getByText('1 added, 1 up, 41 unchanged')).toBeInTheDocument();
  });

  it('leads to where it was copied from, and counts its bytes when asked to', async () => {
    await shown();
    await userEvent.click(screen.getByRole('button', { name: 'mlenv v3' }));
    expect(done).toEqual(['{"shortName":"mlenv","version":3}']);
    expect(asked).toEqual(['local']);
    await userEvent.click(screen.getByRole('button', { name: 'Count' }));
    expect(screen.getByText('1.2 MB')).toBeInTheDocument();
  });

  it('reads again what somebody looks at, and not more than once a second', async () => {
    jest.useFakeTimers();
    await shown();
    change({ package_count: 43 });
    await act(() => jest.advanceTimersByTimeAsync(5000));
    expect(asked).toHaveLength(1);
    model.visible = true;
    change({ package_count: 44 });
    change({ package_count: 45 });
    await act(() => jest.advanceTimersByTimeAsync(5000));
    expect(asked).toHaveLength(2);
    expect(screen.getByRole('tab', { name: /Packages/ })).toHaveTextContent('45');
  });

  it('says why it failed, and when it is gone', async () => {
    details = {
      ...(details as LocalDetails),
      ...local({ status: 'Failed', work: 'copy', reason: 'The disk is full.' })
    };
    await shown('drift');
    expect(screen.getByText('Copying it failed')).toBeInTheDocument();
    expect(screen.getByText('The disk is full.')).toBeInTheDocument();
    details = new ApiError(404, 'not_found', 'There is none.');
    await act(() => model.refresh());
    expect(screen.getByText(/There is no Local environment "mine" any more/)).toBeInTheDocument();
  });
});
