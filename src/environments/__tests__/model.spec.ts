import { ServerConnection } from '@jupyterlab/services';
import { Signal } from '@lumino/signaling';

import { alice, environment } from '../../__tests__/sample';
import { ApiError } from '../../api/client';
import type { Environment, EnvironmentList, HappenedEvent, ProgressFrame } from '../../api/schemas';
import { EnvironmentsModel } from '../model';

/** The server, which answers each request when the test says so. */
class Server {
  items = new Map<string, Environment>();
  pageSize = Infinity;
  /** Requests that wait while `held`, in their order. */
  readonly waiting: (() => void)[] = [];
  readonly asked: string[] = [];
  held = false;
  failure: Error | null = null;
  /** Of single environments. */
  refusal: Error | null = null;

  set(...environments: Environment[]): void {
    environments.forEach(one => this.items.set(one.short_name, one));
  }

  readonly environments = (
    query: { cursor?: string; q?: string; background?: boolean } = {}
  ): Promise<EnvironmentList> => {
    this.asked.push(`list${query.background ? ' unasked' : ''}`);
    // As the server reads it: at the moment of the request.
    const all = [...this.items.values()].sort((a, b) => (a.short_name < b.short_name ? -1 : 1));
    const matching = all.filter(one => one.full_name.includes(query.q ?? ''));
    const from = Number(query.cursor ?? 0);
    const to = query.q === undefined ? from + this.pageSize : Infinity;
    const next = to < matching.length ? String(to) : null;
    return this._answer<EnvironmentList>({ items: matching.slice(from, to), next });
  };

  readonly environment = (shortName: string): Promise<Environment> => {
    this.asked.push(shortName);
    const found = this.items.get(shortName);
    return found
      ? this._answer(found, this.refusal ?? this.failure)
      : this._answer<Environment>(undefined, new ApiError(404, 'not_found', 'There is none.'));
  };

  /** Let the first request that waits go. */
  async release(): Promise<void> {
    this.waiting.shift()?.();
    await settled();
  }

  private _answer<T>(answer: T | undefined, refusal: Error | null = this.failure): Promise<T> {
    return new Promise((resolve, reject) => {
      const go = () => (refusal ? reject(refusal) : resolve(answer as T));
      if (this.held) {
        this.waiting.push(go);
      } else {
        go();
      }
    });
  }
}

class Happenings {
  connected = true;
  readonly happened = new Signal<this, HappenedEvent>(this);
  readonly progressed = new Signal<this, ProgressFrame>(this);
  readonly stale = new Signal<this, void>(this);
  readonly connectedChanged = new Signal<this, boolean>(this);

  tell(shortName: string): void {
    const seq = ++this._seq;
    this.happened.emit({
      seq,
      at: '2026-11-01T12:00:00Z',
      kind: 'environment.edited',
      short_name: shortName,
      version: null,
      actor: null,
      details: null
    });
  }

  connect(connected: boolean): void {
    this.connected = connected;
    this.connectedChanged.emit(connected);
  }

  private _seq = 0;
}

async function settled(): Promise<void> {
  for (let i = 0; i < 60; i++) {
    await Promise.resolve();
  }
}

const named = (short_name: string, full_name = short_name) =>
  environment({ short_name, full_name });

describe('EnvironmentsModel', () => {
  let server: Server;
  let events: Happenings;
  let model: EnvironmentsModel;
  let me: jest.Mock;
  const names = () => model.state.environments?.map(({ full_name }) => full_name);

  beforeEach(() => {
    server = new Server();
    events = new Happenings();
    me = jest.fn(() => Promise.resolve(alice));
    model = new EnvironmentsModel(server, me, events as never);
  });

  afterEach(() => {
    model.dispose();
    jest.useRealTimers();
  });

  it('reads the list once, whoever needs it', async () => {
    server.set(named('b'), named('a'));
    await Promise.all([model.ensure(), model.ensure()]);
    await model.ensure();
    expect(names()).toEqual(['a', 'b']);
    expect(server.asked).toEqual(['list']);
    expect(model.state).toMatchObject({ me: alice, error: null, refreshing: false, live: true });
  });

  it('knows that events arrive although it was made after that began', () => {
    expect(model.state.live).toBe(true);
    events.connect(false);
    expect(model.state.live).toBe(false);
  });

  it('shows the first page before the last, and all of them after it', async () => {
    server.set(named('a'), named('b'), named('c'));
    server.pageSize = 2;
    server.held = true;
    const done = model.ensure();
    await settled();
    await server.release();
    expect(names()).toEqual(['a', 'b']);
    expect(model.state.refreshing).toBe(true);
    await server.release();
    await done;
    expect(names()).toEqual(['a', 'b', 'c']);
    expect(model.state.hasMore).toBe(false);
  });

  it('asks again who is asking when a person asks again', async () => {
    await model.refresh();
    await model.refresh();
    expect(me.mock.calls).toEqual([[false], [true]]);
  });

  it('keeps the rows and says why they could not be read', async () => {
    server.set(named('a'));
    await model.ensure();
    server.failure = new ServerConnection.NetworkError(new TypeError('fetch'));
    await model.refresh();
    expect(names()).toEqual(['a']);
    expect(model.state.error).toBe(server.failure);
    server.failure = null;
    await model.refresh();
    expect(model.state.error).toBeNull();
  });

  it('reads what an event names, and drops what is gone', async () => {
    server.set(named('a'), named('b'));
    await model.ensure();
    server.set(named('a', 'A new name'));
    server.items.delete('b');
    events.tell('a');
    events.tell('b');
    await settled();
    expect(names()).toEqual(['A new name']);
    expect(server.asked).toEqual(['list', 'a', 'b']);
  });

  it('keeps a row when nobody serves its route', async () => {
    server.set(named('a'));
    await model.ensure();
    const refusal = new ApiError(404, 'not_served', '404 Not Found');
    server.refusal = refusal;
    await expect(model.read('a')).rejects.toBe(refusal);
    expect(names()).toEqual(['a']);
  });

  it('does not lose what happens while the first page is on its way', async () => {
    server.set(named('a'));
    server.held = true;
    const done = model.ensure();
    await settled();
    server.set(named('a', 'Renamed'), named('b'));
    events.tell('a');
    events.tell('b');
    server.held = false;
    await server.release();
    await done;
    await settled();
    expect(names()).toEqual(['Renamed', 'b']);
  });

  it('does not put an older row back when the list was asked for before the change', async () => {
    server.set(named('a'));
    await model.ensure();
    server.held = true;
    const done = model.refresh();
    await settled();
    server.set(named('a', 'Renamed'));
    model.put(named('a', 'Renamed'));
    server.held = false;
    await server.release();
    await done;
    expect(names()).toEqual(['Renamed']);
    await settled();
    expect(names()).toEqual(['Renamed']);
  });

  it('does not bring back what was deleted while the list was read', async () => {
    server.set(named('a'), named('b'));
    await model.ensure();
    server.held = true;
    const done = model.refresh();
    await settled();
    server.items.delete('a');
    model.drop('a');
    server.held = false;
    await server.release();
    await done;
    await settled();
    expect(names()).toEqual(['b']);
  });

  it('keeps the answer that was asked for last, in whatever order they come', async () => {
    server.set(named('a', 'first'));
    await model.ensure();
    server.held = true;
    const older = model.read('a');
    server.set(named('a', 'second'));
    const newer = model.read('a');
    server.waiting.reverse();
    await server.release();
    await server.release();
    await Promise.all([older, newer]);
    expect(names()).toEqual(['second']);
  });

  it('an overtaken list changes nothing', async () => {
    server.set(named('a', 'first'));
    server.held = true;
    const older = model.refresh();
    await settled();
    server.set(named('a', 'second'));
    const newer = model.refresh();
    await settled();
    server.waiting.reverse();
    await server.release();
    await server.release();
    await Promise.all([older, newer]);
    expect(names()).toEqual(['second']);
  });

  it('reads the list instead of thousands of environments', async () => {
    jest.useFakeTimers();
    server.set(...Array.from({ length: 900 }, (_, i) => named(`e${i}`)));
    await model.ensure();
    for (let i = 0; i < 5000; i++) {
      events.tell(`e${i % 900}`);
    }
    await settled();
    expect(server.asked.length).toBeLessThan(5);
    await jest.advanceTimersByTimeAsync(5000);
    expect(server.asked.length).toBeLessThan(8);
  });

  it('shows how far a build is, which never changes its status', async () => {
    server.set(environment({ status: 'In Progress', phase: 'queued', queue_position: 2 }));
    await model.ensure();
    const hint = { type: 'progress' as const, short_name: 'mlenv', queue_position: null };
    events.progressed.emit({ ...hint, phase: 'solving', progress: null });
    expect(model.find('mlenv')).toMatchObject({ phase: 'solving', queue_position: null });
    model.put(environment({ status: 'Draft' }));
    events.progressed.emit({ ...hint, phase: 'verifying', progress: null });
    expect(model.find('mlenv')).toMatchObject({ status: 'Draft', phase: null });
  });

  it('reads again by itself once it is connected again', async () => {
    server.set(named('a'));
    await model.ensure();
    events.connect(false);
    server.failure = new ServerConnection.NetworkError(new TypeError('fetch'));
    await model.refresh();
    server.failure = null;
    server.set(named('b'));
    events.connect(true);
    await settled();
    expect(names()).toEqual(['a', 'b']);
    expect(model.state.error).toBeNull();
  });

  it('reads an environment again that could not be read when it changed', async () => {
    server.set(named('a'), named('b'));
    await model.ensure();
    server.failure = new ServerConnection.NetworkError(new TypeError('fetch'));
    server.set(named('a', 'Renamed'));
    events.tell('a');
    await settled();
    expect(model.state.error).not.toBeNull();
    server.failure = null;
    events.tell('b');
    await settled();
    expect(names()).toEqual(['Renamed', 'b']);
  });

  it('polls while events do not arrive, and only then', async () => {
    jest.useFakeTimers();
    model.interval = 10;
    await model.ensure();
    await jest.advanceTimersByTimeAsync(60_000);
    expect(server.asked).toEqual(['list']);
    events.connect(false);
    await jest.advanceTimersByTimeAsync(25_000);
    expect(server.asked.slice(1)).toEqual(['list unasked', 'list unasked']);
    events.connect(true);
    await jest.advanceTimersByTimeAsync(60_000);
    expect(server.asked).toHaveLength(3);
  });

  it('reads everything again when too much was missed', async () => {
    server.set(named('a'));
    await model.ensure();
    server.items.clear();
    server.set(named('c'));
    events.stale.emit();
    await settled();
    expect(names()).toEqual(['c']);
  });

  it('finds beyond the cut, and keeps what it found', async () => {
    const short = (i: number) => `e${String(i).padStart(4, '0')}`;
    server.pageSize = 200;
    server.set(...Array.from({ length: 2300 }, (_, i) => named(short(i))));
    await model.ensure();
    expect(model.state.hasMore).toBe(true);
    expect(names()).toHaveLength(2000);
    await expect(model.search('e2299')).resolves.toHaveLength(1);
    expect(model.find('e2299')).toBeDefined();
    await model.refresh();
    expect(model.find('e2299')).toBeDefined();
  });

  it('says nothing more once it is disposed', async () => {
    server.set(named('a'));
    server.held = true;
    const done = model.ensure();
    await settled();
    const heard = jest.fn();
    model.stateChanged.connect(heard);
    model.dispose();
    await server.release();
    await done;
    events.tell('a');
    events.connect(false);
    expect(heard).not.toHaveBeenCalled();
  });
});
