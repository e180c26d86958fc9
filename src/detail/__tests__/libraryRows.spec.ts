import { environment, version } from '../../__tests__/sample';
import { channelName, libraryRows } from '../libraryRows';
import { built, pkg } from './sample';

const PANDAS = pkg('pandas', { requested: 'pandas>=2', origin: 'requested', version: '2.2.3' });
const PYTHON = pkg('python', { requested: 'python=3.11', origin: 'requested' });

describe('libraryRows', () => {
  it('shows what is asked for before the first build', () => {
    const rows = libraryRows(environment(), null);
    expect(
      rows.map(({ name, requested, installed, plan }) => [name, requested, installed, plan])
    ).toEqual([
      ['python', 'python=3.11', null, 'add'],
      ['pandas', 'pandas>=2', null, 'add'],
      ['rich', 'rich', null, 'add']
    ]);
  });

  it('marks the lines that differ from what was built', () => {
    const edited = environment({
      ...built(1),
      modified: true,
      conda_requirements: ['Pandas==3', 'scikit_learn'],
      pip_requirements: []
    });
    const packages = [PANDAS, PYTHON, pkg('rich', { requested: 'rich', origin: 'requested' })];
    const rows = libraryRows(edited, version(1, { packages }));
    expect(Object.fromEntries(rows.map(({ name, plan }) => [name, plan]))).toEqual({
      pandas: 'change',
      python: null,
      rich: 'remove',
      scikit_learn: 'add'
    });
    expect(rows[0].planned).toBe('Pandas==3');
  });

  it('shows an earlier version as it is', () => {
    const edited = environment({ ...built(2), modified: true, conda_requirements: ['numpy'] });
    const packages = [PANDAS, PYTHON];
    const rows = libraryRows(edited, version(1, { packages }));
    expect(rows.map(({ name, plan }) => [name, plan])).toEqual([
      ['pandas', null],
      ['python', null]
    ]);
  });

  it('shows what a failed build asked for', () => {
    const failed = environment({
      ...built(1),
      status: 'Failed',
      conda_requirements: ['dask[complete]>=1']
    });
    const rows = libraryRows(failed, version(1, { outcome: 'failed' }));
    expect(rows.map(({ name }) => name)).toEqual(['python', 'dask', 'rich']);
  });

  it('names channels by the end of their addresses', () => {
    expect(channelName('https://channels.example/conda-forge/')).toBe('conda-forge');
    expect(channelName('conda-forge')).toBe('conda-forge');
  });
});
