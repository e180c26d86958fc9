import { Signal } from '@lumino/signaling';

import { alice, environment, version } from '../../__tests__/sample';
import { ApiError } from '../../api/client';
import type { Environment, EnvironmentList, Version, VersionSummary } from '../../api/schemas';
import { EnvironmentsModel, type Happenings } from '../../environments/model';
import { DetailModel } from '../model';
import { built } from './sample';

/** A server whose answers about versions wait until they are let go. */
class Source {
  environments = (): Promise<EnvironmentList> =>
    Promise.resolve({ items: this.there ? [this.there] : [], next: null });

  environment = (): Promise<Environment> => {
    const refusal = this.there
      ? this.failure
      : new ApiError(404, 'not_found', 'There is no such environment.');
    return refusal ? Promise.reject(refusal) : Promise.resolve(this.there!);
  };

  versions = (): Promise<VersionSummary[]> =>
    Promise.resolve([...this.all].sort((a, b) => b.number - a.number));

  version = (_: string, number: number): Promise<Version> => {
    this.asked.push(number);
    const answer = this.all.find(known => known.number === number);
    return new Promise((resolve, reject) => {
      const go = () =>
        answer ? resolve(answer) : reject(new ApiError(404, 'not_found', 'There is no version.'));
      if (this.holds) {
        this.held.push(go);
      } else {
        go();
      }
    });
  };

  there: Environment | null = environment(built(2));
  failure: Error | null = null;
  all = [version(1), version(2)];
  asked: number[] = [];
  holds = false;
  held: (() => void)[] = [];
}

function happenings(): Happenings {
  const of = {};
  const signal = () => new Signal<object, never>(of) as never;
  return {
    connected: true,
    connectedChanged: signal(),
    happened: signal(),
    progressed: signal(),
    stale: signal()
  };
}

describe('DetailModel', () => {
  let source: Source;
  let environments: EnvironmentsModel;
  let model: DetailModel;
  const settle = () => new Promise(resolve => setTimeout(resolve, 0));
  const open = async (wanted: number | null = null) => {
    environments = new EnvironmentsModel(source, () => Promise.resolve(alice), happenings());
    model = new DetailModel('mlenv', source, environments, wanted);
    await settle();
  };

  beforeEach(() => {
    source = new Source();
  });

  afterEach(() => {
    model.dispose();
    environments.dispose();
  });

  it('shows the latest version', async () => {
    await open();
    expect(model.state).toMatchObject({ number: 2, error: null, gone: false });
    expect(model.state.version?.number).toBe(2);
    expect(model.state.versions).toHaveLength(2);
  });

  it('shows the version that is wanted, and follows the latest one again', async () => {
    await open(1);
    expect(model.state.version?.number).toBe(1);
    model.choose(2);
    await settle();
    expect(model.wanted).toBeNull();
    expect(model.state.version?.number).toBe(2);
  });

  it('reads again when a version was built, not while a build goes on', async () => {
    await open();
    source.asked = [];
    const progress = { packages_done: 1, packages_total: 2, bytes_done: 0, bytes_total: 0 };
    const building = { ...built(3), status: 'In Progress', usable_version: 2 } as const;
    source.all.push(version(3, { outcome: 'building' }));
    environments.put(environment({ ...building, phase: 'linking' }));
    environments.put(environment({ ...building, phase: 'linking', progress }));
    environments.put(environment({ ...building, phase: 'verifying', progress }));
    await settle();
    expect(source.asked).toEqual([3]);
    source.all[2] = version(3);
    environments.put(environment(built(3)));
    await settle();
    expect(model.state.version).toMatchObject({ number: 3, outcome: 'succeeded' });
  });

  it('never puts an older answer over a newer one', async () => {
    await open();
    source.holds = true;
    model.choose(1);
    model.choose(null);
    const [first, second] = source.held;
    second();
    await settle();
    first();
    await settle();
    expect(model.state).toMatchObject({ number: 2, version: { number: 2 } });
  });

  it('goes to the latest version when the wanted one is no more', async () => {
    await open(7);
    await settle();
    expect(model.state).toMatchObject({ number: 2, error: null, version: { number: 2 } });
  });

  it('says when the environment is gone, and asks no more', async () => {
    await open();
    source.there = null;
    environments.drop('mlenv');
    await settle();
    expect(model.state).toMatchObject({ gone: true, environment: null });
    source.there = environment(built(2));
    environments.put(source.there);
    await settle();
    expect(model.state).toMatchObject({ gone: false, number: 2 });
  });

  it('keeps an error until it is read again', async () => {
    source.failure = new ApiError(503, 'unavailable', 'The database does not answer.');
    source.environments = () => Promise.reject(source.failure!);
    await open();
    expect(model.state.error).toBe(source.failure);
    source.failure = null;
    await model.refresh();
    await settle();
    expect(model.state).toMatchObject({ error: null, number: 2 });
  });
});
