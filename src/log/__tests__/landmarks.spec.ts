import { failureLines, Landmarks } from '../landmarks';

const BUILD = [
  'Building mlenv version 1, attempt 1, asked for by alice, 2026-11-01 12:00:00 UTC',
  'Solving python 3.11.*, pandas with channels conda-forge',
  'Solved 63 packages in 1.20 s',
  'Downloading 63 packages, 59.1 MB; 0 are cached',
  'Linked 63 packages in 2.00 s',
  'pip: resolved in 0.30 s: rich 13.0',
  'Solving nothing: a tool says that',
  'pip: installed 1 packages in 0.10 s',
  'Bytecode: 1,000 files linked, 0 compiled',
  'Verified: Python 3.11 answered after 0.50 s'
];

function landmarks(lines: readonly string[]) {
  const found = new Landmarks();
  lines.forEach((text, n) => found.see(text, n + 1));
  return found.found.map(({ what, line }) => `${what} ${line}`);
}

describe('Landmarks', () => {
  it('finds where each phase begins', () => {
    expect(landmarks([...BUILD, 'Succeeded. 4.20 s in all.'])).toEqual([
      'solving 2',
      'downloading 4',
      'linking 5',
      'pip 6',
      'verifying 9',
      'end 11'
    ]);
  });

  it('begins anew with an attempt that is taken up again', () => {
    expect(landmarks([...BUILD.slice(0, 4), ...BUILD.slice(0, 2)])).toEqual(['solving 6']);
  });
});

describe('failureLines', () => {
  const of = (lines: readonly string[]) => failureLines(lines.length, line => lines[line - 1]);

  it('are those between what the service says and the failure', () => {
    const conflict = ['conflict-a needs shared-lib <2', 'conflict-b needs shared-lib >=2'];
    expect(
      of([...BUILD.slice(0, 2), ...conflict, 'Failed: they disagree 0.20 s in all.', ''])
    ).toEqual({
      from: 3,
      to: 5,
      texts: conflict
    });
  });

  it('may be none', () => {
    expect(of([...BUILD, 'Failed: cancelled by alice 0.20 s in all.'])).toEqual({
      from: 11,
      to: 11,
      texts: []
    });
  });

  it('are the last ones of many', () => {
    const traceback = Array.from({ length: 50 }, (_, n) => `  File "${n}.py"`);
    const found = of([...BUILD, ...traceback, 'Failed: it stopped 0.20 s in all.']);
    expect(found?.texts).toEqual(traceback.slice(-12));
    expect(found?.to).toBe(61);
  });

  it('are not there when the build did not fail', () => {
    expect(of([...BUILD, 'Succeeded. 4.20 s in all.'])).toBeNull();
    expect(of([''])).toBeNull();
  });
});
