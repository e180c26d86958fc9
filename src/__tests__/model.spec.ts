import { PromiseDelegate } from '@lumino/coreutils';

import type { EnvironmentList, Me } from '../api/client';
import { EnvironmentsModel } from '../model';
import { alice, environment } from './sample';

/** A server whose answers the test gives when it likes. */
class Answers {
  readonly asked: { cursor?: string; background?: boolean }[] = [];
  readonly given: PromiseDelegate<EnvironmentList>[] = [];

  me = (): Promise<Me> => Promise.resolve(alice);

  environments = (query: { cursor?: string; background?: boolean } = {}) => {
    this.asked.push(query);
    const answer = new PromiseDelegate<EnvironmentList>();
    this.given.push(answer);
    return answer.promise;
  };
}

describe('EnvironmentsModel', () => {
  let answers: Answers;
  let model: EnvironmentsModel;

  beforeEach(() => {
    jest.useFakeTimers();
    answers = new Answers();
    model = new EnvironmentsModel(answers);
  });

  afterEach(() => {
    model.dispose();
    jest.useRealTimers();
  });

  it('asks nothing before somebody sees it', async () => {
    model.interval = 10;
    await jest.advanceTimersByTimeAsync(60_000);
    expect(answers.asked).toHaveLength(0);
  });

  it('reads at once when it becomes visible', async () => {
    model.visible = true;
    expect(model.state.refreshing).toBe(true);
    answers.given[0].resolve({ items: [environment()], next: null });
    await jest.advanceTimersByTimeAsync(0);
    expect(model.state).toEqual({
      environments: [environment()],
      hasMore: false,
      me: alice,
      error: null,
      refreshing: false
    });
    expect(answers.asked[0].background).toBe(false);
  });

  it('reads again at its interval while visible, and not when hidden', async () => {
    model.interval = 10;
    model.visible = true;
    answers.given[0].resolve({ items: [], next: null });
    await jest.advanceTimersByTimeAsync(10_500);
    expect(answers.asked).toHaveLength(2);
    expect(answers.asked[1].background).toBe(true);
    answers.given[1].resolve({ items: [], next: null });
    model.visible = false;
    await jest.advanceTimersByTimeAsync(60_000);
    expect(answers.asked).toHaveLength(2);
  });

  it('does not read by itself with interval 0', async () => {
    model.interval = 0;
    model.visible = true;
    answers.given[0].resolve({ items: [], next: null });
    await jest.advanceTimersByTimeAsync(3_600_000);
    expect(answers.asked).toHaveLength(1);
  });

  for (const interval of [60, 0]) {
    it(`reads every 2 s while something is built, then at its interval of ${interval}`, async () => {
      model.interval = interval;
      model.visible = true;
      answers.given[0].resolve({ items: [environment({ status: 'In Progress' })], next: null });
      await jest.advanceTimersByTimeAsync(2_100);
      expect(answers.asked).toHaveLength(2);
      answers.given[1].resolve({ items: [environment({ status: 'In Progress' })], next: null });
      await jest.advanceTimersByTimeAsync(2_100);
      expect(answers.asked).toHaveLength(3);
      expect(answers.asked[2].background).toBe(true);
      answers.given[2].resolve({ items: [environment({ status: 'Draft' })], next: null });
      await jest.advanceTimersByTimeAsync(50_000);
      expect(answers.asked).toHaveLength(3);
      await jest.advanceTimersByTimeAsync(20_000);
      expect(answers.asked).toHaveLength(interval === 0 ? 3 : 4);
    });
  }

  it('ends the long pauses after failures with the first answer', async () => {
    model.interval = 10;
    model.visible = true;
    answers.given[0].resolve({ items: [], next: null });
    for (let failed = 1; failed < 6; failed++) {
      await jest.advanceTimersByTimeAsync(300_000);
      answers.given[answers.given.length - 1].reject(new Error('gone'));
    }
    await jest.advanceTimersByTimeAsync(0);
    const refreshed = model.refresh();
    await jest.advanceTimersByTimeAsync(0);
    answers.given[answers.given.length - 1].resolve({ items: [], next: null });
    await refreshed;
    const asked = answers.asked.length;
    await jest.advanceTimersByTimeAsync(10_500);
    expect(answers.asked).toHaveLength(asked + 1);
  });

  it('keeps the rows when a later request fails', async () => {
    model.visible = true;
    answers.given[0].resolve({ items: [environment()], next: null });
    await jest.advanceTimersByTimeAsync(0);
    const refreshed = model.refresh();
    answers.given[1].reject(new Error('gone'));
    await refreshed;
    expect(model.state.environments).toHaveLength(1);
    expect(model.state.error).toEqual(new Error('gone'));
    expect(model.state.refreshing).toBe(false);
  });

  it('does not put older rows back', async () => {
    const first = model.refresh();
    await jest.advanceTimersByTimeAsync(0);
    const second = model.refresh();
    await jest.advanceTimersByTimeAsync(0);
    answers.given[1].resolve({ items: [environment({ short_name: 'new' })], next: null });
    await second;
    answers.given[0].resolve({ items: [environment({ short_name: 'old' })], next: null });
    await first;
    expect(model.state.environments?.map(row => row.short_name)).toEqual(['new']);
  });

  it('shows one page more on request', async () => {
    const first = model.refresh();
    await jest.advanceTimersByTimeAsync(0);
    answers.given[0].resolve({ items: [environment({ short_name: 'a' })], next: 'c1' });
    await first;
    expect(model.state.hasMore).toBe(true);
    const more = model.more();
    await jest.advanceTimersByTimeAsync(0);
    answers.given[1].resolve({ items: [environment({ short_name: 'a' })], next: 'c1' });
    await jest.advanceTimersByTimeAsync(0);
    expect(answers.asked[2].cursor).toBe('c1');
    answers.given[2].resolve({ items: [environment({ short_name: 'b' })], next: null });
    await more;
    expect(model.state.environments?.map(row => row.short_name)).toEqual(['a', 'b']);
    expect(model.state.hasMore).toBe(false);
  });
});
