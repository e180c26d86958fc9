import type { ISessionContext } from '@jupyterlab/apputils';
import type { KernelSpec } from '@jupyterlab/services';
import { nullTranslator } from '@jupyterlab/translation';

import { environment, trans } from '../../__tests__/sample';
import { filterGroups, isOffered, kernelGroups } from '../options';

const kernelspecs: Record<string, Partial<KernelSpec.ISpecModel>> = {
  python3: { name: 'python3', display_name: 'Python 3', language: 'python' },
  ir: { name: 'ir', display_name: 'R', language: 'R' },
  'dataflow-mlenv': {
    name: 'dataflow-mlenv',
    display_name: 'Dataflow · Machine Learning',
    language: 'python',
    metadata: {
      dataflow_envs: { category: 'Dataflow Environments', short_name: 'mlenv', version: 3 }
    }
  }
};

function context(preference: ISessionContext.IKernelPreference = { language: 'python' }) {
  return {
    hasNoKernel: true,
    kernelDisplayName: 'No Kernel',
    kernelManager: { running: () => [][Symbol.iterator]() },
    kernelPreference: preference,
    session: null,
    sessionManager: { running: () => [][Symbol.iterator]() },
    specsManager: { specs: { default: 'python3', kernelspecs } }
  } as unknown as ISessionContext;
}

const offered = environment({
  short_name: 'rep',
  full_name: 'Reporting',
  usable_version: 2,
  actions: { activate: { allowed: true, reason: null } }
});

function texts(groups: ReturnType<typeof filterGroups>) {
  return groups.map(({ label, options }) => [label, ...options.map(({ text }) => text)]);
}

describe('kernelGroups', () => {
  it('has the two groups first, and each kernel once', () => {
    const { groups } = kernelGroups(context(), [offered], nullTranslator, trans);
    expect(texts(groups)).toEqual([
      [
        'Dataflow Environments',
        'Machine Learning (mlenv, v3)',
        'Activate and start: Reporting (rep)'
      ],
      ['Local Environments', 'Python 3'],
      ['Use No Kernel', 'No Kernel'],
      ['Start Kernel', 'R']
    ]);
  });

  it('offers nothing where no kernel can be started', () => {
    const { groups, disabled } = kernelGroups(
      context({ canStart: false }),
      [offered],
      nullTranslator,
      trans
    );
    expect(disabled).toBe(true);
    expect(texts(groups)).toEqual([['Use No Kernel', 'No Kernel']]);
  });

  it('is filtered by all words', () => {
    const { groups } = kernelGroups(context(), [offered], nullTranslator, trans);
    expect(texts(filterGroups(groups, 'REP orting'))).toEqual([
      ['Dataflow Environments', 'Activate and start: Reporting (rep)']
    ]);
    expect(filterGroups(groups, 'none')).toEqual([]);
    expect(filterGroups(groups, ' ')).toEqual(groups);
  });
});

describe('isOffered', () => {
  it('is what the person may activate and has not', () => {
    expect(isOffered(offered, context())).toBe(true);
    expect(isOffered({ ...offered, active: true }, context())).toBe(false);
    expect(isOffered({ ...offered, actions: {} }, context())).toBe(false);
    expect(isOffered({ ...offered, short_name: 'mlenv' }, context())).toBe(false);
  });
});
