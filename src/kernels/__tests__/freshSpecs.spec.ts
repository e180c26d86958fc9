import type { KernelSpec } from '@jupyterlab/services';
import { Signal } from '@lumino/signaling';

import { alice, environment } from '../../__tests__/sample';
import { ApiError } from '../../api/client';
import type { Environment, HappenedEvent } from '../../api/schemas';
import type { EventStream } from '../../live/eventStream';
import { FreshSpecs, type IFreshSpecsOptions } from '../freshSpecs';

function happened(kind: string, change: Partial<HappenedEvent> = {}): HappenedEvent {
  return {
    seq: 1,
    at: '2026-11-01T12:00:00Z',
    kind,
    short_name: 'mlenv',
    version: 1,
    actor: 'alice',
    details: {},
    ...change
  };
}

function kernel(version: number): KernelSpec.ISpecModel {
  return {
    name: 'dataflow-mlenv',
    display_name: 'Dataflow · Machine Learning Environment',
    language: 'python',
    argv: [],
    resources: {},
    metadata: {
      dataflow_envs: { category: 'Dataflow Environments', short_name: 'mlenv', version }
    }
  };
}

describe('FreshSpecs', () => {
  const events = {
    happened: new Signal<EventStream, HappenedEvent>({} as EventStream),
    connectedChanged: new Signal<EventStream, boolean>({} as EventStream)
  };
  let answers: (KernelSpec.ISpecModel | null)[];
  let source: { specs: KernelSpec.ISpecModels; refreshSpecs: jest.Mock };
  let known: Environment | null;
  let fresh: FreshSpecs;

  const shown = () => source.specs.kernelspecs['dataflow-mlenv'] ?? null;
  const put = (spec: KernelSpec.ISpecModel | null) => {
    source.specs = {
      default: 'python3',
      kernelspecs: spec ? { 'dataflow-mlenv': spec } : {}
    };
  };
  const settle = () => jest.advanceTimersByTimeAsync(10_000);

  beforeEach(() => {
    jest.useFakeTimers();
    answers = [];
    source = {
      specs: { default: 'python3', kernelspecs: {} },
      refreshSpecs: jest.fn(() => {
        if (answers.length > 0) {
          put(answers.shift() ?? null);
        }
        return Promise.resolve();
      })
    };
    known = environment({ active: true, usable_version: 1 });
    const options: IFreshSpecsOptions = {
      specs: source,
      client: {
        environment: () =>
          known ? Promise.resolve(known) : Promise.reject(new ApiError(404, 'not_found', 'gone'))
      },
      events,
      me: () => Promise.resolve(alice)
    };
    fresh = new FreshSpecs(options);
  });

  afterEach(() => {
    fresh.dispose();
    jest.useRealTimers();
  });

  it('reads until a kernel that was just activated is there', async () => {
    answers = [null, null, kernel(1)];
    events.happened.emit(happened('environment.activated'));
    await settle();
    expect(shown()).toEqual(kernel(1));
    expect(source.refreshSpecs).toHaveBeenCalledTimes(3);
  });

  it('reads until one that was deactivated or deleted is gone', async () => {
    put(kernel(1));
    known = null;
    answers = [kernel(1), kernel(1), null];
    events.happened.emit(happened('environment.deleted', { actor: null, details: null }));
    await settle();
    expect(shown()).toBeNull();
  });

  it('reads until the kernel names the new version', async () => {
    put(kernel(1));
    known = environment({ active: true, usable_version: 2 });
    answers = [kernel(1), kernel(2)];
    events.happened.emit(happened('build.succeeded'));
    await settle();
    expect(shown()).toEqual(kernel(2));
    expect(source.refreshSpecs).toHaveBeenCalledTimes(2);
  });

  it('does nothing for what other people do with kernels that are not here', async () => {
    events.happened.emit(happened('environment.activated', { actor: null }));
    events.happened.emit(happened('build.succeeded'));
    events.happened.emit(happened('environment.created'));
    await settle();
    expect(source.refreshSpecs).not.toHaveBeenCalled();
  });

  it('gives up after some seconds, and tries again when a hidden tab is looked at', async () => {
    const hidden = jest.spyOn(document, 'hidden', 'get').mockReturnValue(true);
    events.happened.emit(happened('environment.activated'));
    await settle();
    const before = source.refreshSpecs.mock.calls.length;
    await settle();
    expect(source.refreshSpecs).toHaveBeenCalledTimes(before);
    hidden.mockRestore();
    answers = [kernel(1)];
    document.dispatchEvent(new Event('visibilitychange'));
    await settle();
    expect(shown()).toEqual(kernel(1));
  });

  it('reads after a lost connection', async () => {
    events.connectedChanged.emit(true);
    await settle();
    expect(source.refreshSpecs).toHaveBeenCalledTimes(1);
  });

  it('waits for the arrival of a kernel, but not for ever', async () => {
    answers = [null, kernel(1)];
    const arrival = fresh.arrival('mlenv');
    await settle();
    await expect(arrival).resolves.toBe('dataflow-mlenv');
    const never = fresh.arrival('other');
    await settle();
    await expect(never).resolves.toBeNull();
  });
});
