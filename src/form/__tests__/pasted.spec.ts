import { isFileLike } from '../pasted';
import { offeredPythons } from '../pythonVersions';

describe('what is pasted', () => {
  it.each([
    ['name: x\ndependencies:\n  - pandas'],
    ['# platform: linux-64\n@EXPLICIT\nhttps://example.org/a-1-0.conda'],
    ['version: 1\nmetadata:\n  platforms: []\npackage: []'],
    ['pandas\n-r more.txt'],
    ['pandas\nnumpy>1,<2'],
    ["pandas\r\nrich ; python_version < '3.12'"]
  ])('%j is a file', text => {
    expect(isFileLike(text, 'pip', false)).toBe(true);
  });

  it.each([
    ['pandas'],
    ['pandas=2.1'],
    ['pandas\nnumpy\n'],
    ['pandas\nscikit learn'],
    ['-r x'],
    ['']
  ])('%j is a plain paste', text => {
    expect(isFileLike(text, 'conda', false)).toBe(false);
  });
});

describe('the Pythons on offer', () => {
  const versions = ['3.13.0rc1', '3.12.1', '3.12.0', '3.11.7'];

  it('begins with the series', () => {
    expect(offeredPythons(versions, [])).toEqual(['3.12', '3.11', '3.12.1', '3.12.0', '3.11.7']);
  });

  it('keeps to the policy', () => {
    expect(offeredPythons(versions, ['3.11'])).toEqual(['3.11', '3.11.7']);
    expect(offeredPythons(versions, ['3.12.0'])).toEqual(['3.12.0']);
    expect(offeredPythons(versions, ['3.1'])).toEqual([]);
  });
});
