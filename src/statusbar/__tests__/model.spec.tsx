import '@testing-library/jest-dom';

import type { ISessionContext } from '@jupyterlab/apputils';
import { Signal } from '@lumino/signaling';
import { render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import * as React from 'react';

import { environment, trans } from '../../__tests__/sample';
import type { Environment, HappenedEvent, RunningKernel } from '../../api/schemas';
import type { EventStream } from '../../live/eventStream';
import { KernelStatusItem } from '../item';
import { KernelStatusModel } from '../model';

/** As much of a notebook's session as is looked at. */
class Context {
  kernelChanged = new Signal<this, void>(this);
  statusChanged = new Signal<this, string>(this);
  session: { kernel: { id: string; name: string } | null } | null = null;
  specsManager = { specs: null };

  start(id: string, name: string): void {
    this.session = { kernel: { id, name } };
    this.kernelChanged.emit();
  }
}

describe('KernelStatusModel', () => {
  const events = {
    happened: new Signal<EventStream, HappenedEvent>({} as EventStream),
    stale: new Signal<EventStream, void>({} as EventStream)
  };
  let running: RunningKernel[];
  let known: Environment;
  let context: Context;
  let model: KernelStatusModel;

  const runs = (version: number) => {
    running = [
      { kernel_id: 'k1', kernel_name: 'dataflow-mlenv', short_name: 'mlenv', version, digest: null }
    ];
  };
  const answered = () => new Promise(resolve => setTimeout(resolve));
  const happened = async (change: Partial<Environment>) => {
    known = { ...known, ...change };
    events.happened.emit({ short_name: 'mlenv' } as HappenedEvent);
    await answered();
  };

  beforeEach(() => {
    runs(1);
    known = environment({ active: true, usable_version: 1 });
    context = new Context();
    model = new KernelStatusModel({
      client: {
        environment: () => Promise.resolve(known),
        kernels: () => Promise.resolve(running)
      },
      events
    });
    model.context = context as unknown as ISessionContext;
  });

  afterEach(() => model.dispose());

  it('shows nothing for other kernels', async () => {
    expect(model.state).toBeNull();
    context.start('k0', 'python3');
    await answered();
    expect(model.state).toBeNull();
  });

  it('shows what the kernel runs, whatever the environment has by now', async () => {
    known = { ...known, usable_version: 3 };
    context.start('k1', 'dataflow-mlenv');
    await answered();
    expect(model.state).toEqual({
      shortName: 'mlenv',
      fullName: 'Machine Learning Environment',
      version: 1,
      newer: 3,
      deprecated: null
    });
  });

  it('follows events and restarts', async () => {
    context.start('k1', 'dataflow-mlenv');
    await answered();
    expect(model.state).toMatchObject({ newer: null });
    await happened({ usable_version: 2 });
    expect(model.state).toMatchObject({ version: 1, newer: 2 });
    context.statusChanged.emit('restarting');
    runs(2);
    context.statusChanged.emit('idle');
    await answered();
    expect(model.state).toMatchObject({ version: 2, newer: null });
  });

  it('asks again while the kernel is just starting, but not for ever', async () => {
    running = [];
    context.start('k1', 'dataflow-mlenv');
    await answered();
    expect(model.state).toMatchObject({ version: null });
    context.statusChanged.emit('idle');
    await answered();
    context.statusChanged.emit('idle');
    await answered();
    runs(1);
    context.statusChanged.emit('idle');
    await answered();
    expect(model.state).toMatchObject({ version: null });
  });

  it('forgets a kernel that is another by now', async () => {
    context.start('k1', 'dataflow-mlenv');
    context.start('k2', 'python3');
    await answered();
    expect(model.state).toBeNull();
  });

  it('is drawn with its buttons', async () => {
    context.start('k1', 'dataflow-mlenv');
    await answered();
    await happened({
      usable_version: 2,
      deprecated: { reason: 'Use <b>pub</b>.', at: '2026-11-01T12:00:00Z' }
    });
    const onOpen = jest.fn();
    const onRestart = jest.fn();
    const { unmount } = render(
      <KernelStatusItem
        model={model}
        onOpen={onOpen}
        onOpenLocal={jest.fn()}
        onRestart={onRestart}
        trans={trans}
      />
    );
    const name = screen.getByRole('button', { name: /Machine Learning Environment · v1/ });
    expect(name).toHaveTextContent('deprecated');
    expect(name).toHaveAttribute('title', expect.stringContaining('Use <b>pub</b>.'));
    await userEvent.click(name);
    expect(onOpen).toHaveBeenCalledWith('mlenv');
    await userEvent.click(screen.getByRole('button', { name: 'v2 available — restart kernel' }));
    expect(onRestart).toHaveBeenCalledTimes(1);
    unmount();
  });
});
