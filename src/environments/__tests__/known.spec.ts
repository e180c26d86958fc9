import { environment } from '../../__tests__/sample';
import { Known } from '../known';

describe('Known', () => {
  let known: Known;
  const named = (short_name: string, full_name = short_name) =>
    environment({ short_name, full_name });
  const list = (...names: string[]) => new Map(names.map(name => [name, named(name)]));
  const names = () => known.sorted().map(({ short_name }) => short_name);

  beforeEach(() => {
    known = new Known();
  });

  it('keeps the answer to the later question', () => {
    const early = known.turn();
    const late = known.turn();
    known.put('maps', named('maps', 'New'), late);
    expect(known.isNews('maps', early)).toBe(false);
    expect(known.isNews('other', early)).toBe(true);
    expect(known.isNews('maps', known.turn())).toBe(true);
  });

  it('keeps what changed while the list was read, and says so', () => {
    known.putList(list('a', 'b'), known.turn(), false);
    const turn = known.turn();
    known.put('b', null, known.turn());
    known.put('c', named('c', 'New'), known.turn());
    expect(known.putList(list('a', 'b', 'c'), turn, false)).toEqual(['b', 'c']);
    expect(names()).toEqual(['a', 'c']);
    expect(known.get('c')?.full_name).toBe('New');
  });

  it('keeps what it knows beyond the end of a list that is cut', () => {
    known.add([named('z')]);
    known.putList(list('a', 'b'), known.turn(), true);
    expect(names()).toEqual(['a', 'b', 'z']);
    known.putList(list('a'), known.turn(), false);
    expect(names()).toEqual(['a']);
  });

  it('says whether something new came', () => {
    expect(known.add([named('a')])).toBe(true);
    expect(known.add([named('a', 'Other')])).toBe(false);
    expect(known.get('a')?.full_name).toBe('a');
    expect(known.put('b', null, known.turn())).toBe(false);
    expect(known.put('a', null, known.turn())).toBe(true);
  });
});
