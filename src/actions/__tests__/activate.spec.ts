import { Notification } from '@jupyterlab/apputils';
import { nullTranslator } from '@jupyterlab/translation';

import type { ApiClient } from '../../api/client';
import { DEFAULTS, type ISettingValues } from '../../settings';
import { activate } from '../activate';

const trans = nullTranslator.load('jupyter_dataflow_envs');
const MB = 1_000_000;

/** An activation that goes on until it is told to end, and what is told of its files meanwhile. */
function slow(toasts = true) {
  let end: (error?: Error) => void = () => undefined;
  const activation = new Promise<void>((resolve, reject) => {
    end = error => (error ? reject(error) : resolve());
  });
  const arrival = jest.fn();
  const client = { activate: jest.fn(() => activation), arrival };
  const shared = {
    client: client as unknown as ApiClient,
    settings: {
      get: <K extends keyof ISettingValues>(name: K) => ({ ...DEFAULTS, toasts })[name]
    },
    trans
  } as unknown as Parameters<typeof activate>[0];
  return { client, arrival, end, done: activate(shared, 'geo', 'Geospatial', true) };
}

const shown = () =>
  Notification.manager.notifications.map(({ message, type, options }) => [
    message,
    type,
    options.progress
  ]);

beforeEach(() => jest.useFakeTimers());

afterEach(() => {
  expect(shown()).toEqual([]);
  jest.useRealTimers();
});

describe('activate', () => {
  it('tells nothing of one that is done at once', async () => {
    const { client, arrival, end, done } = slow();
    end();
    await done;
    await jest.advanceTimersByTimeAsync(5000);
    expect(client.activate).toHaveBeenCalledWith('geo', true);
    expect(arrival).not.toHaveBeenCalled();
  });

  it('tells how far the files are, until they are there', async () => {
    const { arrival, end, done } = slow();
    arrival.mockResolvedValueOnce({ arriving: true, done: 0, total: 0 });
    await jest.advanceTimersByTimeAsync(1000);
    const lead = 'Bringing the files of Geospatial to this machine';
    expect(shown()).toEqual([[lead, 'in-progress', 0]]);
    arrival.mockResolvedValue({ arriving: true, done: 125 * MB, total: 500 * MB });
    await jest.advanceTimersByTimeAsync(1000);
    expect(shown()).toEqual([[`${lead}\n125 MB of 500 MB`, 'in-progress', 0.25]]);
    end();
    await done;
  });

  it('goes on without a word when that can not be told', async () => {
    const { arrival, end, done } = slow();
    arrival.mockRejectedValueOnce(new Error('away'));
    await jest.advanceTimersByTimeAsync(1000);
    expect(shown()).toEqual([]);
    arrival.mockResolvedValue({ arriving: false, done: 0, total: 0 });
    await jest.advanceTimersByTimeAsync(2000);
    expect(arrival).toHaveBeenCalledTimes(3);
    expect(shown()).toEqual([]);
    end();
    await done;
  });

  it('is refused as the server refuses, and leaves nothing', async () => {
    const { arrival, end, done } = slow();
    arrival.mockResolvedValue({ arriving: true, done: 1, total: 2 });
    await jest.advanceTimersByTimeAsync(1000);
    expect(shown()).toHaveLength(1);
    const refused = expect(done).rejects.toThrow('no room');
    end(new Error('no room'));
    await refused;
    await jest.advanceTimersByTimeAsync(5000);
    expect(arrival).toHaveBeenCalledTimes(1);
  });

  it('shows none to who wants no notifications', async () => {
    const { arrival, end, done } = slow(false);
    arrival.mockResolvedValue({ arriving: true, done: 1, total: 2 });
    await jest.advanceTimersByTimeAsync(3000);
    expect(shown()).toEqual([]);
    end();
    await done;
  });
});
