import { Signal } from '@lumino/signaling';

import { local } from '../../__tests__/sample';
import type { Local } from '../../api/schemas';
import { LocalKernels } from '../kernels';

const KERNEL = { name: 'local-mine', display_name: 'Local · mine', ours: true };
const SPEC = {
  metadata: { dataflow_envs: { category: 'Local Environments', local_id: 'mine', name: 'mine' } }
};

describe('LocalKernels', () => {
  const model = { state: { locals: [] as Local[] }, stateChanged: new Signal<object, void>({}) };
  let server: Record<string, unknown>;
  let specs: { specs: { kernelspecs: Record<string, unknown> }; refreshSpecs: jest.Mock };
  let kernels: LocalKernels;

  beforeEach(() => {
    jest.useFakeTimers();
    server = { python3: {} };
    specs = {
      specs: { kernelspecs: { python3: {} } },
      refreshSpecs: jest.fn(() => {
        specs.specs = { kernelspecs: { ...server } };
        return Promise.resolve();
      })
    };
    kernels = new LocalKernels(model as never, specs as never);
  });

  afterEach(() => {
    kernels.dispose();
    jest.useRealTimers();
  });

  const change = (change: Partial<Local>) => {
    model.state = { locals: [local(change)] };
    model.stateChanged.emit();
  };

  it('looks until a kernel is there, and until it is gone', async () => {
    change({ kernel: KERNEL });
    await jest.advanceTimersByTimeAsync(150);
    server = { python3: {}, 'local-mine': SPEC };
    await jest.advanceTimersByTimeAsync(2000);
    expect(specs.specs.kernelspecs).toHaveProperty('local-mine');
    const { length } = specs.refreshSpecs.mock.calls;
    await jest.advanceTimersByTimeAsync(60_000);
    expect(specs.refreshSpecs).toHaveBeenCalledTimes(length);

    change({ kernel: null });
    server = { python3: {} };
    await jest.advanceTimersByTimeAsync(1);
    expect(specs.specs.kernelspecs).not.toHaveProperty('local-mine');
  });

  it('asks for nothing while JupyterLab knows all of them', async () => {
    server = specs.specs.kernelspecs = { 'local-mine': SPEC };
    change({ kernel: KERNEL });
    change({ kernel: KERNEL, package_count: 43 });
    await jest.advanceTimersByTimeAsync(10_000);
    expect(specs.refreshSpecs).not.toHaveBeenCalled();
  });
});
