import type { ServerConnection } from '@jupyterlab/services';
import type { IDisposable } from '@lumino/disposable';

const SHORTEST_PAUSE = 500;
const LONGEST_PAUSE = 15_000;
/** An attempt that has not opened after so long never will: some proxies let it hang. */
const PATIENCE = 20_000;
const COMPLETE = 1000;

export interface IResumingSocketOptions {
  settings: ServerConnection.ISettings;
  /** Path and query below `dataflow-envs/`, asked anew for every connection: it says where to go on. */
  path: () => string;
  onFrame: (frame: unknown) => void;
  onConnected: (connected: boolean) => void;
  /** The server has said all there is; without this, nothing it says is the end. */
  onComplete?: () => void;
  /** A connection has ended before it was open. Browsers do not tell why; it is tried again unless this is disposed. */
  onRefused?: () => void;
}

/**
 * A WebSocket that comes back by itself, at once when the machine is online again or the page is looked at, else after
 * growing pauses. What was missed is asked for by `path`. The server ends it with the close code 1000, if there is an end.
 */
export class ResumingSocket implements IDisposable {
  constructor(private readonly _options: IResumingSocketOptions) {
    window.addEventListener('offline', this._lose);
    window.addEventListener('online', this._hurry);
    document.addEventListener('visibilitychange', this._hurry);
    this._connect();
  }

  get isDisposed(): boolean {
    return this._disposed;
  }

  dispose(): void {
    if (this._disposed) {
      return;
    }
    this._disposed = true;
    window.removeEventListener('offline', this._lose);
    window.removeEventListener('online', this._hurry);
    document.removeEventListener('visibilitychange', this._hurry);
    window.clearTimeout(this._timer);
    this._leave();
  }

  private _connect(): void {
    const { settings, path, onFrame, onConnected, onComplete, onRefused } = this._options;
    this._leave();
    const socket = new settings.WebSocket(addressOf(settings, path()));
    this._socket = socket;
    this._later(PATIENCE);
    socket.onopen = () => {
      window.clearTimeout(this._timer);
      this._connected = true;
      onConnected(true);
    };
    socket.onmessage = message => {
      // Not when it opens: a server that is stopping lets one in and closes at once.
      this._pause = SHORTEST_PAUSE;
      onFrame(JSON.parse(String(message.data)));
    };
    socket.onclose = event => {
      const refused = !this._connected;
      window.clearTimeout(this._timer);
      this._leave();
      if (event.code === COMPLETE && onComplete) {
        this.dispose();
        onComplete();
        return;
      }
      this._later(this._pause * (0.75 + Math.random() / 2));
      this._pause = Math.min(this._pause * 2, LONGEST_PAUSE);
      if (refused) {
        onRefused?.();
      }
    };
  }

  /** Hear no more of the present socket, which may be half dead. */
  private _leave(): void {
    const socket = this._socket;
    this._socket = null;
    if (socket) {
      socket.onopen = socket.onmessage = socket.onclose = null;
      socket.close();
    }
    if (this._connected) {
      this._connected = false;
      this._options.onConnected(false);
    }
  }

  private _later(milliseconds: number): void {
    window.clearTimeout(this._timer);
    this._timer = window.setTimeout(() => this._connect(), milliseconds);
  }

  /** A socket does not notice that the network is gone until somebody sends. */
  private readonly _lose = (): void => {
    this._leave();
    this._later(LONGEST_PAUSE);
  };

  private readonly _hurry = (): void => {
    if (!this._connected && !document.hidden && this._socket === null) {
      this._connect();
    }
  };

  private _connected = false;
  private _disposed = false;
  private _pause = SHORTEST_PAUSE;
  private _socket: WebSocket | null = null;
  private _timer = 0;
}

function addressOf(settings: ServerConnection.ISettings, path: string): string {
  const url = new URL(`dataflow-envs/${path}`, withSlash(settings.wsUrl));
  // As JupyterLab does for kernels: where cookies do not reach, the token has to be in the address.
  if (settings.appendToken && settings.token) {
    url.searchParams.set('token', settings.token);
  }
  return url.href;
}

function withSlash(url: string): string {
  return url.endsWith('/') ? url : `${url}/`;
}
