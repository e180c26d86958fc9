import { environment } from '../../__tests__/sample';
import type { Review } from '../../api/schemas';
import { inOrder, isNamed, isOfKind, publishedRows } from '../published/publishedRows';

function approved(short_name: string, version: number, decided_at: string): Review {
  return {
    id: `${short_name}${version}`,
    short_name,
    version,
    digest: 'd',
    state: 'approved',
    note: '',
    submitted_by: 'alice',
    submitted_at: decided_at,
    decided_by: 'root',
    decided_at,
    comment: ''
  };
}

const geo = environment({ short_name: 'geo', full_name: 'Geo', published_version: 2 });
const rep = environment({
  short_name: 'rep',
  full_name: 'Reporting',
  owner: 'bob',
  published_version: 1,
  usage: { active_people: 3, last_started: null },
  deprecated: { reason: 'Use geo.', at: '2026-11-01T12:00:00Z' }
});
const rows = publishedRows(
  [geo, rep, environment()],
  [approved('geo', 2, '2026-11-02T12:00:00Z'), approved('geo', 1, '2026-11-01T12:00:00Z')],
  [{ short_name: 'rep', version: 1, owner: 'bob', violations: [] }]
);

describe('publishedRows', () => {
  it('has what is published, with the moment of that version', () => {
    expect(rows.map(row => [row.environment.short_name, row.publishedAt])).toEqual([
      ['geo', '2026-11-02T12:00:00Z'],
      ['rep', null]
    ]);
  });

  it('finds what is unused or deprecated, and names', () => {
    expect(rows.map(row => isOfKind(row, 'unused'))).toEqual([true, false]);
    expect(rows.map(row => isOfKind(row, 'deprecated'))).toEqual([false, true]);
    expect(rows.map(row => isNamed(row, ' BOB '))).toEqual([false, true]);
  });

  it('is ordered by any column', () => {
    const by = (column: 'people' | 'name', descending: boolean) =>
      inOrder(rows, { column, descending }).map(row => row.environment.short_name);
    expect(by('people', false)).toEqual(['geo', 'rep']);
    expect(by('people', true)).toEqual(['rep', 'geo']);
    expect(by('name', true)).toEqual(['rep', 'geo']);
  });
});
