import { local } from '../../__tests__/sample';
import type { Local } from '../../api/schemas';
import { LocalModel } from '../model';

/** The sockets that were opened; the test speaks for the server. */
class Socket {
  static all: Socket[] = [];

  constructor(readonly url: string) {
    Socket.all.push(this);
  }

  onopen: () => void = () => undefined;
  onmessage: (message: { data: string }) => void = () => undefined;
  onclose: (event: { code: number }) => void = () => undefined;
  close(): void {}

  tell(): void {
    this.onmessage({ data: '{"type":"changed"}' });
  }
}

describe('LocalModel', () => {
  let answers: ((locals: Local[] | Error) => void)[];
  let model: LocalModel;

  beforeEach(() => {
    jest.useFakeTimers();
    Socket.all = [];
    answers = [];
    model = new LocalModel({
      locals: () =>
        new Promise((resolve, reject) =>
          answers.push(answer => (answer instanceof Error ? reject(answer) : resolve(answer)))
        ),
      settings: { wsUrl: 'ws://server/', appendToken: false, WebSocket: Socket }
    } as never);
  });

  afterEach(() => {
    model.dispose();
    jest.useRealTimers();
  });

  const names = () => model.state.locals?.map(({ name }) => name);
  const answer = async (locals: Local[] | Error) => {
    answers.shift()!(locals);
    await jest.advanceTimersByTimeAsync(0);
  };

  it('reads them with each connection and each change, one reading at a time', async () => {
    model.connect();
    const [socket] = Socket.all;
    expect(socket.url).toBe('ws://server/dataflow-envs/local-events');
    socket.onopen();
    socket.tell();
    socket.tell();
    expect(answers).toHaveLength(1);
    await answer([local({ id: 'a', name: 'a' })]);
    await jest.advanceTimersByTimeAsync(250);
    expect(answers).toHaveLength(1);
    await answer([local({ id: 'a', name: 'a' }), local({ id: 'b', name: 'b' })]);
    await jest.advanceTimersByTimeAsync(250);
    expect(answers).toHaveLength(0);
    expect(names()).toEqual(['a', 'b']);
    expect(model.state.readings).toBe(2);

    socket.onclose({ code: 1006 });
    await jest.advanceTimersByTimeAsync(1000);
    Socket.all[1].onopen();
    await answer([]);
    expect(names()).toEqual([]);
  });

  it('lists those made here first, by name', async () => {
    void model.refresh();
    await answer([
      local({ id: 'found-1', name: 'aaa', kind: 'venv' }),
      local({ id: 'b10', name: 'b10' }),
      local({ id: 'b9', name: 'b9' })
    ]);
    expect(names()).toEqual(['b9', 'b10', 'aaa']);
  });

  it('drops an answer that is older than what was put here', async () => {
    void model.refresh();
    await answer([]);
    void model.refresh();
    model.put(local({ id: 'new', name: 'new' }));
    await answer([]);
    expect(names()).toEqual(['new']);
    await jest.advanceTimersByTimeAsync(250);
    await answer([local({ id: 'new', name: 'new', status: 'In Progress' })]);
    expect(model.find('new')?.status).toBe('In Progress');
    model.drop('new');
    expect(names()).toEqual([]);
  });

  it('keeps what it has when it can not be read, and says why', async () => {
    void model.refresh();
    await answer([local()]);
    void model.refresh();
    await answer(new Error('away'));
    expect(names()).toEqual(['mine']);
    expect(model.state).toMatchObject({ error: new Error('away'), refreshing: false });
  });
});
