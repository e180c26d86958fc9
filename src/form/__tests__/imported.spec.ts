import type { Imported } from '../../api/schemas';
import { filledFrom, importOf } from '../imported';
import { EMPTY } from '../values';

const account = {
  spec: {
    short_name: 'maps',
    full_name: 'Maps',
    python_version: '3.11',
    conda_requirements: ['pandas', 'numpy'],
    pip_requirements: []
  }
} as unknown as Imported;

describe('a file that is read into the form', () => {
  it('fills in names and Python where they were missing', () => {
    expect(filledFrom(account, { ...EMPTY, pythonVersion: '3.12' })).toMatchObject({
      shortName: 'maps',
      fullName: 'Maps',
      pythonVersion: '3.11',
      conda: 'pandas\nnumpy'
    });
    const named = { ...EMPTY, shortName: 'mine', fullName: 'Mine' };
    expect(filledFrom(account, named)).toMatchObject({ shortName: 'mine', fullName: 'Mine' });
  });

  it('leaves Python to the base, and tells', () => {
    const before = { ...EMPTY, base: 'mlenv@3', pip: 'rich' };
    expect(filledFrom(account, before)).toMatchObject({ pythonVersion: '', pip: '' });
    expect(importOf(account, before)).toMatchObject({ replaced: true, pythonLeftOut: '3.11' });
    expect(importOf(account, EMPTY)).toMatchObject({ replaced: false, pythonLeftOut: null });
  });
});
