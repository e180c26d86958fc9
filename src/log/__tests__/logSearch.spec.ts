import { Text } from '@codemirror/state';

import { LogSearch } from '../logSearch';

function search(words: string, doc: Text): LogSearch {
  const found = new LogSearch(words);
  while (!found.isDone(doc)) {
    found.step(doc);
  }
  return found;
}

function places(found: LogSearch): number[] {
  return Array.from({ length: found.count }, (_, n) => found.at(n).from);
}

describe('LogSearch', () => {
  it('finds all places, whatever their case, and takes words literally', () => {
    const doc = Text.of(['Error: a+b', 'no error', 'ERROR (a+b)?']);
    expect(places(search('error', doc))).toEqual([0, 14, 20]);
    expect(places(search('a+b', doc))).toEqual([7, 27]);
    expect(search('', doc).count).toBe(0);
    expect(search('a.b', doc).count).toBe(0);
  });

  it('goes on when the text grows or its last line changes', () => {
    let doc = Text.of(['pandas', 'pandas 1/3']);
    const found = search('pandas', doc);
    expect(places(found)).toEqual([0, 7]);
    doc = Text.of(['pandas', 'x pandas 2/3', 'pandas']);
    found.changed(doc, 7);
    expect(found.isDone(doc)).toBe(false);
    while (!found.isDone(doc)) {
      found.step(doc);
    }
    expect(places(found)).toEqual([0, 9, 20]);
    expect(found.firstFrom(1)).toBe(1);
    expect(found.firstFrom(21)).toBe(3);
  });

  it('looks through a long log in steps', () => {
    const doc = Text.of(Array.from({ length: 100_000 }, (_, n) => `${n} linked ${'x'.repeat(80)}`));
    const found = new LogSearch('linked');
    let steps = 0;
    while (!found.isDone(doc)) {
      found.step(doc);
      steps += 1;
    }
    expect(found.count).toBe(100_000);
    expect(steps).toBeGreaterThan(1);
  });

  it('looks through one long line in steps, and loses nothing at their ends', () => {
    const line = 'pandas '.repeat(150_000);
    const doc = Text.of(['first', line, 'pandas']);
    const found = search('PANDAS', doc);
    expect(found.count).toBe(150_001);
    expect(places(found).every((at, n) => n === 150_000 || at === 6 + 7 * n)).toBe(true);
    const cut = Text.of([`${'x'.repeat(19_998)}needle${'x'.repeat(100)}`]);
    expect(places(search('needle', cut))).toEqual([19_998]);
    const words = 'x'.repeat(900);
    expect(places(search(words, Text.of(['x'.repeat(60_000)])))).toEqual(
      Array.from({ length: 66 }, (_, n) => n * 900)
    );
  });

  it('begins anew in a long line that is overwritten while it is looked through', () => {
    const doc = Text.of(['x'.repeat(5_000_000)]);
    const found = new LogSearch('x');
    found.step(doc);
    expect(found.isDone(doc)).toBe(false);
    const after = Text.of(['x xx']);
    found.changed(after, 0);
    while (!found.isDone(after)) {
      found.step(after);
    }
    expect(places(found)).toEqual([0, 2, 3]);
  });
});
