import type { ShortNameAvailability } from '../../api/schemas';
import { NameCheck } from '../nameCheck';

describe('NameCheck', () => {
  const shortName = jest.fn<Promise<ShortNameAvailability>, [string]>();
  let check: NameCheck;
  let said: (string | null)[];

  const answer = (name: string, available: boolean): ShortNameAvailability => ({
    short_name: name,
    available,
    message: available ? null : 'In use.'
  });

  beforeEach(() => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] });
    shortName.mockReset();
    check = new NameCheck({ shortName });
    said = [];
    check.stateChanged.connect((_, state) => said.push(state.is));
  });

  afterEach(() => {
    check.dispose();
    jest.useRealTimers();
  });

  it('asks once for the last of several names', async () => {
    shortName.mockResolvedValue(answer('mle', false));
    for (const name of ['m', 'ml', 'mle']) {
      check.ask(name);
    }
    await jest.advanceTimersByTimeAsync(300);
    expect(shortName.mock.calls).toEqual([['mle']]);
    expect(check.state).toEqual({
      is: 'taken',
      problem: { field: 'short_name', line: null, text: 'mle', message: 'In use.' }
    });
  });

  it('does not believe an answer about a name that stands there no more', async () => {
    let late: (found: ShortNameAvailability) => void = () => undefined;
    shortName.mockReturnValueOnce(new Promise(resolve => (late = resolve)));
    check.ask('old');
    await jest.advanceTimersByTimeAsync(300);
    shortName.mockResolvedValueOnce(answer('new', true));
    check.ask('new');
    late(answer('old', false));
    await jest.advanceTimersByTimeAsync(300);
    expect(check.state).toEqual({ is: 'free', problem: null });
    expect(said).not.toContain('taken');
  });

  it('knows nothing when the server does not answer, and of what is not asked', async () => {
    shortName.mockRejectedValueOnce(new Error('Offline.'));
    check.ask('mlenv');
    await jest.advanceTimersByTimeAsync(300);
    expect(check.state).toEqual({ is: null, problem: null });
    check.ask('mlenv');
    check.ask(null);
    await jest.advanceTimersByTimeAsync(300);
    expect(said).toEqual(['asked', null, 'asked', null]);
    expect(shortName).toHaveBeenCalledTimes(1);
  });
});
