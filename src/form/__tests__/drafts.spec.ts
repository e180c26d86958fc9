import { Draft } from '../drafts';
import { EMPTY } from '../values';

describe('Draft', () => {
  const open = (id = 'f', person = 'alice') => new Draft('http://server/', person, id);
  const typed = { ...EMPTY, fullName: 'Maps' };

  beforeEach(() => localStorage.clear());

  it('is kept for its own form and person', () => {
    open().keep({ values: typed, initial: EMPTY, etag: '"1"' });
    expect(open().read()).toMatchObject({ values: typed, initial: EMPTY, etag: '"1"' });
    expect(open('other').read()).toBeNull();
    expect(open('f', 'bob').read()).toBeNull();
  });

  it('is gone once nothing differs', () => {
    const draft = open();
    draft.keep({ values: typed, initial: EMPTY, etag: null });
    draft.keep({ values: EMPTY, initial: EMPTY, etag: null });
    expect(localStorage).toHaveLength(0);
  });

  it('keeps nothing any more once it is discarded', () => {
    const draft = open();
    draft.keep({ values: typed, initial: EMPTY, etag: null });
    draft.discard();
    draft.keep({ values: typed, initial: EMPTY, etag: null });
    expect(draft.isDiscarded).toBe(true);
    expect(localStorage).toHaveLength(0);
  });

  it('takes nothing that no form has written, and sweeps what is old', () => {
    open().keep({ values: typed, initial: EMPTY, etag: null });
    const [key] = Object.keys(localStorage);
    const written = JSON.parse(localStorage.getItem(key) ?? '') as object;
    localStorage.setItem(key, JSON.stringify({ ...written, values: { fullName: 3 } }));
    expect(open().read()).toBeNull();
    localStorage.setItem(key, JSON.stringify({ ...written, at: '2020-01-01T00:00:00Z' }));
    open('other');
    expect(localStorage).toHaveLength(0);
  });
});
