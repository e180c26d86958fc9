import { ServerConnection } from '@jupyterlab/services';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

import type { HappenedEvent } from '../../api/schemas';
import { EventStream } from '../eventStream';
import { ResumingSocket } from '../resumingSocket';

interface IPeer {
  send(text: string): void;
  close(code: number): void;
  terminate(): void;
}

interface IWebSocketServer {
  address(): AddressInfo;
  close(done: () => void): void;
  readonly clients: Set<IPeer>;
  on(name: 'connection', listen: (peer: IPeer, request: IncomingMessage) => void): void;
  once(name: 'listening', listen: () => void): void;
}

// By its file: for browsers, as which jest finds packages, it is only a message that it is of no use there.
const { WebSocketServer } = jest.requireActual<{
  WebSocketServer: new (options: { port: number; host: string }) => IWebSocketServer;
}>('../../../node_modules/ws/index.js');

/** A real server; the test speaks for it. */
class Server {
  static async start(): Promise<Server> {
    const server = new Server();
    await new Promise<void>(resolve => server._server.once('listening', resolve));
    return server;
  }

  /** Path and query of each connection. */
  readonly asked: string[] = [];

  get settings(): ServerConnection.ISettings {
    const { port } = this._server.address();
    return ServerConnection.makeSettings({
      baseUrl: `http://127.0.0.1:${port}/`,
      wsUrl: `ws://127.0.0.1:${port}/user/alice`,
      WebSocket: window.WebSocket
    });
  }

  /** The connection that comes next, or the one that came already. */
  next(): Promise<IPeer> {
    const peer = this._peers.shift();
    return peer
      ? Promise.resolve(peer)
      : new Promise(resolve => {
          this._take = resolve;
        });
  }

  async stop(): Promise<void> {
    this._server.clients.forEach(peer => peer.terminate());
    await new Promise<void>(resolve => this._server.close(resolve));
  }

  private constructor() {
    this._server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    this._server.on('connection', (peer, request) => {
      this.asked.push(request.url!);
      if (this._take) {
        this._take(peer);
        this._take = null;
      } else {
        this._peers.push(peer);
      }
    });
  }

  private readonly _peers: IPeer[] = [];
  private readonly _server: IWebSocketServer;
  private _take: ((peer: IPeer) => void) | null = null;
}

async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 500 && !condition(); i++) {
    await new Promise(resolve => setTimeout(resolve, 10));
  }
  expect(condition()).toBe(true);
}

const frame = (content: object) => JSON.stringify(content);
const hello = (deployment = 'one', seq = 5) => frame({ type: 'hello', deployment, seq });
const snapshot = (seq: number) => frame({ type: 'snapshot', seq });
const event = (seq: number) =>
  frame({
    type: 'event',
    seq,
    at: '2026-11-01T12:00:00Z',
    kind: 'build.ended',
    short_name: 'mlenv',
    version: 1,
    actor: null,
    details: null
  });

describe('EventStream', () => {
  let server: Server;
  let stream: EventStream;
  let heard: number[];
  let connected: boolean[];
  let stale: number;

  beforeEach(async () => {
    server = await Server.start();
    stream = new EventStream(server.settings);
    heard = [];
    connected = [];
    stale = 0;
    stream.happened.connect((_: unknown, { seq }: HappenedEvent) => void heard.push(seq));
    stream.connectedChanged.connect((_, now) => void connected.push(now));
    stream.stale.connect(() => void (stale += 1));
  });

  afterEach(async () => {
    stream.dispose();
    await server.stop();
  });

  async function opened(): Promise<IPeer> {
    stream.connect();
    const peer = await server.next();
    peer.send(hello());
    peer.send(snapshot(5));
    await until(() => stale === 1);
    return peer;
  }

  it('begins below the base URL, and says that lists are to be read', async () => {
    await opened();
    expect(server.asked).toEqual(['/user/alice/dataflow-envs/events']);
    expect(stream.connected).toBe(true);
    expect(connected).toEqual([true]);
  });

  it.each([1001, 1013, 1000])('goes on after the last event when closed with %d', async code => {
    const peer = await opened();
    peer.send(event(6));
    peer.send(event(8));
    await until(() => heard.length === 2);
    peer.close(code);
    const again = await server.next();
    expect(server.asked[1]).toBe('/user/alice/dataflow-envs/events?since=8&deployment=one');
    again.send(hello());
    again.send(event(8));
    again.send(event(9));
    await until(() => heard.includes(9));
    expect(heard).toEqual([6, 8, 9]);
    expect(connected).toEqual([true, false, true]);
    expect(stale).toBe(1);
  });

  it('goes on after positions of which it was only told', async () => {
    const peer = await opened();
    peer.send(frame({ type: 'position', seq: 700 }));
    peer.send(event(701));
    await until(() => heard.length === 1);
    peer.terminate();
    await server.next();
    expect(server.asked[1]).toContain('since=701');
  });

  it('takes no numbers from one deployment to another', async () => {
    const peer = await opened();
    peer.send(event(900));
    await until(() => heard.length === 1);
    peer.terminate();
    const other = await server.next();
    other.send(hello('two', 3));
    await until(() => connected.length === 3);
    other.terminate();
    const again = await server.next();
    expect(server.asked[2]).toBe('/user/alice/dataflow-envs/events');
    again.send(hello('two', 3));
    again.send(snapshot(3));
    again.send(event(4));
    await until(() => heard.length === 2);
    expect(heard).toEqual([900, 4]);
  });

  it('comes back at once when the machine is online again', async () => {
    await opened();
    window.dispatchEvent(new Event('offline'));
    expect(stream.connected).toBe(false);
    window.dispatchEvent(new Event('online'));
    await server.next();
    await until(() => stream.connected);
    expect(connected).toEqual([true, false, true]);
  });

  it('comes back at once when the page is looked at', async () => {
    await opened();
    window.dispatchEvent(new Event('offline'));
    document.dispatchEvent(new Event('visibilitychange'));
    await until(() => stream.connected);
  });

  it('is silent once it is disposed', async () => {
    const peer = await opened();
    stream.dispose();
    peer.send(event(6));
    peer.terminate();
    window.dispatchEvent(new Event('online'));
    await new Promise(resolve => setTimeout(resolve, 50));
    expect(heard).toEqual([]);
    expect(server.asked).toHaveLength(1);
  });
});

describe('ResumingSocket', () => {
  it('ends with what the server says is the end', async () => {
    const server = await Server.start();
    const frames: unknown[] = [];
    const complete = jest.fn();
    let offset = 0;
    const socket = new ResumingSocket({
      settings: server.settings,
      path: () => `log/stream?offset=${offset}`,
      onFrame: one => {
        frames.push(one);
        offset += 10;
      },
      onConnected: () => undefined,
      onComplete: complete
    });
    (await server.next()).send(frame({ offset: 0 }));
    await until(() => frames.length === 1);
    expect(server.asked[0]).toBe('/user/alice/dataflow-envs/log/stream?offset=0');
    window.dispatchEvent(new Event('offline'));
    window.dispatchEvent(new Event('online'));
    const peer = await server.next();
    expect(server.asked[1]).toBe('/user/alice/dataflow-envs/log/stream?offset=10');
    peer.close(1000);
    await until(() => complete.mock.calls.length === 1);
    expect(socket.isDisposed).toBe(true);
    await server.stop();
  });

  it('keeps trying with growing pauses where nobody listens', async () => {
    const opened: number[] = [];
    class Dead {
      constructor() {
        opened.push(Date.now());
        window.setTimeout(() => this.onclose?.({ code: 1006 } as CloseEvent));
      }
      onclose: ((event: CloseEvent) => void) | null = null;
      close(): void {
        this.onclose = null;
      }
    }
    jest.useFakeTimers();
    const settings = ServerConnection.makeSettings({ WebSocket: Dead as never });
    const socket = new ResumingSocket({
      settings,
      path: () => 'events',
      onFrame: () => undefined,
      onConnected: () => undefined
    });
    await jest.advanceTimersByTimeAsync(120_000);
    const pauses = opened.slice(1).map((at, i) => at - opened[i]);
    expect(pauses[0]).toBeLessThan(1000);
    expect(Math.max(...pauses)).toBeLessThan(45_000);
    expect(opened.length).toBeLessThan(16);
    socket.dispose();
    await jest.advanceTimersByTimeAsync(120_000);
    expect(opened.length).toBe(pauses.length + 1);
    jest.useRealTimers();
  });
});
