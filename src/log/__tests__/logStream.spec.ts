import { createServer, type Server as HttpServer } from 'node:http';
import {
  type AddressInfo,
  connect,
  createServer as createProxy,
  type Server,
  type Socket
} from 'node:net';

import { ServerConnection } from '@jupyterlab/services';
import { WebSocket, WebSocketServer } from 'ws';

import { type Connection, LogStream } from '../logStream';

/** What the server does with a connection that asks for the log from this byte on. */
type Behaviour = (socket: WebSocket, offset: number) => void;

const LOG = Buffer.from(
  Array.from({ length: 200 }, (_, n) => `${n} linked pändas 😀 漢字 in ${n / 7} s\n`).join('')
);

function frame(socket: WebSocket, offset: number, end: number): void {
  socket.send(JSON.stringify({ offset, text: LOG.subarray(offset, end).toString() }));
}

/** The next beginning of a character. */
function whole(end: number): number {
  let at = Math.min(end, LOG.length);
  while (at < LOG.length && (LOG[at] & 0xc0) === 0x80) {
    at += 1;
  }
  return at;
}

function finish(socket: WebSocket): void {
  socket.send(JSON.stringify({ complete: true, outcome: 'succeeded' }));
  socket.close(1000);
}

/** Browsers' sockets do not throw what nobody listens for. */
class BrowserSocket extends WebSocket {
  constructor(url: string) {
    super(url);
    this.on('error', () => undefined);
  }
}

describe('LogStream', () => {
  let between: (data: Buffer, client: Socket) => void;
  let http: HttpServer;
  let proxy: Server;
  let sockets: WebSocketServer;
  let behave: Behaviour;
  let settings: ServerConnection.ISettings;
  let stream: LogStream;
  let told: Connection[];
  let text: string;
  let asked: string[];
  let isThere: () => Promise<boolean>;

  beforeEach(async () => {
    asked = [];
    isThere = () => Promise.resolve(true);
    http = createServer();
    sockets = new WebSocketServer({ noServer: true });
    http.on('upgrade', (request, raw, head) => {
      asked.push(request.url!);
      sockets.handleUpgrade(request, raw, head, socket => {
        const query = new URL(request.url!, 'http://server').searchParams;
        behave(socket, Number(query.get('offset')));
      });
    });
    await new Promise<void>(resolve => http.listen(0, '127.0.0.1', resolve));
    between = (data, client) => client.write(data);
    proxy = createProxy(client => {
      const server = connect((http.address() as AddressInfo).port, '127.0.0.1');
      client.pipe(server).on('data', data => between(data, client));
      client.on('error', () => server.destroy()).on('close', () => server.destroy());
      server.on('error', () => client.destroy()).on('close', () => client.destroy());
    });
    await new Promise<void>(resolve => proxy.listen(0, '127.0.0.1', resolve));
    const { port } = proxy.address() as AddressInfo;
    settings = ServerConnection.makeSettings({
      baseUrl: `http://127.0.0.1:${port}/user/alice/`,
      wsUrl: `ws://127.0.0.1:${port}/user/alice/`,
      appendToken: false,
      WebSocket: BrowserSocket as unknown as typeof globalThis.WebSocket
    });
    // Pauses would only make the test long.
    const later = window.setTimeout.bind(window);
    jest
      .spyOn(window, 'setTimeout')
      .mockImplementation(((run: () => void, pause: number) =>
        later(run, pause > 10_000 ? pause : pause / 200)) as typeof window.setTimeout);
  });

  afterEach(async () => {
    jest.restoreAllMocks();
    stream.dispose();
    sockets.clients.forEach(client => client.terminate());
    await new Promise(resolve => proxy.close(resolve));
    await new Promise(resolve => http.close(resolve));
  });

  /** Resolves when no more is to come. */
  function follow(): Promise<void> {
    told = [];
    text = '';
    return new Promise(resolve => {
      stream = new LogStream({
        settings,
        of: { shortName: 'mlenv', version: 3 },
        attempt: 2,
        isThere: () => isThere(),
        onText: more => {
          text += more;
        },
        onConnection: connection => {
          told.push(connection);
          if (connection === 'complete' || connection === 'gone') {
            resolve();
          }
        }
      });
    });
  }

  it('reads a log to its end', async () => {
    behave = (socket, offset) => {
      frame(socket, offset, LOG.length);
      finish(socket);
    };
    await follow();
    expect(text).toBe(LOG.toString());
    expect(told).toEqual(['live', 'complete']);
    expect(stream.offset).toBe(LOG.length);
    expect(asked).toEqual([
      '/user/alice/dataflow-envs/environments/mlenv/versions/3/log/stream?offset=0&attempt=2'
    ]);
  });

  it('takes up a connection that breaks after any byte, with nothing twice and nothing missing', async () => {
    let seed = 7;
    const random = (below: number) => {
      seed = (seed * 16_807) % 2_147_483_647;
      return seed % below;
    };
    let cuts = 0;
    behave = (socket, offset) => {
      for (let at = offset; at < LOG.length;) {
        const end = whole(at + 1 + random(700));
        frame(socket, at, end);
        at = end;
      }
      finish(socket);
    };
    // Ends the TCP connection in the middle of a frame, or of the handshake's answer.
    between = (data, client) => {
      const left = budget.get(client) ?? random(1200);
      budget.set(client, left - data.length);
      if (cuts < 40 && data.length > left) {
        cuts += 1;
        client.write(data.subarray(0, Math.max(0, left)), () => client.destroy());
        return;
      }
      client.write(data);
    };
    const budget = new Map<Socket, number>();
    await follow();
    expect(text).toBe(LOG.toString());
    expect(cuts).toBeGreaterThan(20);
    expect(told.filter(connection => connection === 'lost').length).toBeGreaterThan(5);
    expect(told[told.length - 1]).toBe('complete');
  }, 30_000);

  it('takes nothing twice from a server that begins too early', async () => {
    let connections = 0;
    behave = (socket, offset) => {
      connections += 1;
      if (connections === 1) {
        frame(socket, 0, whole(1000));
        socket.close(1012);
        return;
      }
      frame(socket, whole(offset - 100), whole(offset + 50));
      frame(socket, 0, LOG.length);
      finish(socket);
    };
    await follow();
    expect(text).toBe(LOG.toString());
  });

  it('asks again when a frame was left out', async () => {
    let connections = 0;
    behave = (socket, offset) => {
      connections += 1;
      if (connections === 1) {
        frame(socket, 0, whole(100));
        frame(socket, whole(300), whole(400));
        return;
      }
      expect(offset).toBe(whole(100));
      frame(socket, offset, LOG.length);
      finish(socket);
    };
    await follow();
    expect(text).toBe(LOG.toString());
    expect(told).toEqual(['live', 'lost', 'live', 'complete']);
  });

  it('says that the connection is lost when there is none from the beginning', async () => {
    let refused = 0;
    between = (data, client) => {
      refused += 1;
      if (refused <= 3) {
        client.destroy();
      } else {
        client.write(data);
      }
    };
    behave = (socket, offset) => {
      frame(socket, offset, LOG.length);
      finish(socket);
    };
    await follow();
    expect(told).toEqual(['lost', 'live', 'complete']);
    expect(text).toBe(LOG.toString());
  });

  it('ends when the version has been deleted, and asks no more', async () => {
    let first: Socket | null = null;
    between = (data, client) => {
      first ??= client;
      if (client === first) {
        client.write(data);
      } else {
        client.destroy();
      }
    };
    behave = (socket, offset) => {
      frame(socket, offset, whole(1000));
      socket.close(1011);
    };
    let answers = 0;
    // Once the server can't be asked either.
    isThere = () => Promise.resolve(++answers === 1);
    await follow();
    expect(told).toEqual(['live', 'lost', 'gone']);
    expect(text).toBe(LOG.subarray(0, whole(1000)).toString());
    expect(answers).toBe(2);
    expect(stream.isDisposed).toBe(true);
  });
});
