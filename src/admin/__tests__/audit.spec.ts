import { Signal } from '@lumino/signaling';

import { trans } from '../../__tests__/sample';
import type { EventList, HappenedEvent } from '../../api/schemas';
import type { EventStream } from '../../live/eventStream';
import { AuditFile } from '../audit/auditExport';
import { AuditModel, EVERYTHING, isWanted } from '../audit/auditModel';
import { detailsOf } from '../audit/details';
import { kindWord } from '../audit/kinds';

function event(seq: number, change: Partial<HappenedEvent> = {}): HappenedEvent {
  return {
    seq,
    at: '2026-11-01T12:00:00Z',
    kind: 'build.started',
    short_name: 'mlenv',
    version: 1,
    actor: 'alice',
    details: {},
    ...change
  };
}

class Happenings {
  readonly happened = new Signal<EventStream, HappenedEvent>(this as unknown as EventStream);
  readonly stale = new Signal<EventStream, void>(this as unknown as EventStream);
}

describe('AuditModel', () => {
  let happenings: Happenings;
  let pages: EventList[];
  let asked: object[];
  let model: AuditModel;

  beforeEach(() => {
    happenings = new Happenings();
    asked = [];
    pages = [
      { items: [event(4), event(3)], next: '3' },
      { items: [event(2), event(1)], next: null }
    ];
    const audit = (query: { cursor?: string } = {}) => {
      asked.push(query);
      return Promise.resolve(pages[query.cursor ? 1 : 0]);
    };
    model = new AuditModel({ audit }, happenings);
  });

  const shown = () => model.state.events?.map(({ seq }) => seq);

  it('goes on with older pages', async () => {
    await model.read();
    expect([shown(), model.state.hasMore]).toEqual([[4, 3], true]);
    await model.more();
    expect([shown(), model.state.hasMore]).toEqual([[4, 3, 2, 1], false]);
    expect(asked[1]).toMatchObject({ cursor: '3' });
  });

  it('puts what happens on top, each once, also while it is read', async () => {
    const reading = model.read();
    happenings.happened.emit(event(5));
    happenings.happened.emit(event(4));
    await reading;
    expect(shown()).toEqual([5, 4, 3]);
    happenings.happened.emit(event(6));
    expect(shown()).toEqual([6, 5, 4, 3]);
  });

  it('holds it back while somebody reads further down', async () => {
    await model.read();
    model.scrolled = true;
    happenings.happened.emit(event(5));
    expect([shown(), model.state.held.length]).toEqual([[4, 3], 1]);
    model.scrolled = false;
    expect([shown(), model.state.held.length]).toEqual([[5, 4, 3], 0]);
  });

  it('lets only through what the filter asks for', async () => {
    await model.choose({ ...EVERYTHING, kind: 'review.' });
    expect(asked[0]).toMatchObject({ kind: 'review.' });
    happenings.happened.emit(event(5));
    expect(shown()).toEqual([4, 3]);
    happenings.happened.emit(event(6, { kind: 'review.approved' }));
    expect(shown()).toEqual([6, 4, 3]);
  });

  it('exports all pages', async () => {
    const found = [];
    for await (const some of model.all()) {
      found.push(...some);
    }
    expect(found.map(({ seq }) => seq)).toEqual([4, 3, 2, 1]);
  });
});

describe('what an event tells', () => {
  it('is wanted by environment, person, kind and time', () => {
    const wanted = { ...EVERYTHING, environment: ' MLENV ', user: 'alice', kind: 'build.started' };
    expect(isWanted(event(1), wanted)).toBe(true);
    expect(isWanted(event(1, { actor: 'bob' }), wanted)).toBe(false);
    expect(isWanted(event(1), { ...EVERYTHING, since: '2027-01-01T00:00' })).toBe(false);
    expect(isWanted(event(1), { ...EVERYTHING, until: '2027-01-01T00:00' })).toBe(true);
  });

  it('is named in words, and a new kind by its name', () => {
    expect(kindWord('review.approved', trans)).toBe('Approved');
    expect(kindWord('planet.landed', trans)).toBe('planet.landed');
  });

  it('says which part of the policy changed', () => {
    const before = { channels: [], max_versions: null, denied_packages: [] };
    const after = {
      channels: [],
      max_versions: 3,
      denied_packages: [{ name: 'a', specifier: '<2', reason: 'bad' }]
    };
    expect(detailsOf(event(1, { details: { before, after } }), trans)).toEqual([
      { name: 'Most versions kept', value: 'none → 3' },
      { name: 'Denied packages', value: 'none → a<2 (bad)' }
    ]);
  });

  it('keeps what it does not know', () => {
    const details = { comment: '<b>no</b>', changed: ['a', 'b'], moon: { phase: 1 } };
    expect(detailsOf(event(1, { details }), trans)).toEqual([
      { name: 'Comment', value: '<b>no</b>' },
      { name: 'Changed', value: 'a, b' },
      { name: 'moon', value: '{"phase":1}' }
    ]);
  });
});

describe('AuditFile', () => {
  it('writes one JSON object a line', () => {
    const file = new AuditFile('jsonl');
    file.add([event(1), event(2)]);
    const lines = file.text.trimEnd().split('\n');
    expect(lines.map(line => (JSON.parse(line) as HappenedEvent).seq)).toEqual([1, 2]);
    expect(file.count).toBe(2);
  });

  it('writes no formula into a table', () => {
    const file = new AuditFile('csv');
    file.add([event(1, { actor: '=cmd()', short_name: 'a,"b"', details: null })]);
    expect(file.text.split('\r\n')[1]).toBe(
      '1,2026-11-01T12:00:00Z,build.started,"a,""b""",1,\'=cmd(),'
    );
  });
});
