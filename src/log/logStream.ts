import type { ServerConnection } from '@jupyterlab/services';
import type { IDisposable } from '@lumino/disposable';

import type { LogFrame } from '../api/schemas';
import { ResumingSocket } from '../live/resumingSocket';

/**
 * `connecting` before the first answer, `lost` while a connection is tried again, `complete` when all has been said, `gone`
 * when there is no such log any more.
 */
export type Connection = 'connecting' | 'live' | 'lost' | 'complete' | 'gone';

/** Whose log it is: of a version, or of what was done last with a Local environment. */
export type LogOf = { shortName: string; version: number } | { local: string };

export interface ILogStreamOptions {
  settings: ServerConnection.ISettings;
  of: LogOf;
  /** Of a version. */
  attempt: number;
  /** Text as it arrives: each byte of the log once and in order. */
  onText: (text: string) => void;
  onConnection: (connection: Connection) => void;
  /** Asked when the server refuses the connection: whether it still has this version, as far as it can be asked. */
  isThere: () => Promise<boolean>;
}

/**
 * The log of one attempt from its first byte until the attempt has ended, also over lost connections: they are taken up
 * again at the byte that comes next, unless its version has been deleted. An attempt that waits in the queue has an empty log that goes on later.
 */
export class LogStream implements IDisposable {
  constructor(private readonly _options: ILogStreamOptions) {
    this._socket = this._open();
  }

  /** Bytes of the log that have arrived, as UTF-8. */
  get offset(): number {
    return this._offset;
  }

  get isDisposed(): boolean {
    return this._disposed;
  }

  dispose(): void {
    if (!this._disposed) {
      this._disposed = true;
      this._socket.dispose();
    }
  }

  private _open(): ResumingSocket {
    this._tries = 0;
    return new ResumingSocket({
      settings: this._options.settings,
      path: () => this._path(),
      onFrame: frame => this._hear(frame as LogFrame),
      onConnected: connected => this._tell(connected ? 'live' : 'lost'),
      onComplete: () => this._tell('complete'),
      onRefused: () => void this._ask()
    });
  }

  /** A version that was deleted is not waited for. */
  private async _ask(): Promise<void> {
    if (!(await this._options.isThere()) && !this._disposed) {
      this._tell('gone');
      this.dispose();
    }
  }

  private _path(): string {
    // Asked again before anything was connected: the first attempt has failed.
    if (this._tries++ > 0) {
      this._tell('lost');
    }
    const { of, attempt } = this._options;
    if ('local' in of) {
      return `local/${encodeURIComponent(of.local)}/log/stream?offset=${this._offset}`;
    }
    const place = `environments/${encodeURIComponent(of.shortName)}/versions/${of.version}`;
    return `${place}/log/stream?offset=${this._offset}&attempt=${attempt}`;
  }

  private _hear(frame: LogFrame): void {
    const { offset = 0, text } = frame;
    this._complete ||= frame.complete === true;
    if (text === undefined) {
      return;
    }
    const seen = this._offset - offset;
    if (seen < 0) {
      // A frame from further on means that one was lost: again from where we are.
      this._socket.dispose();
      this._tell('lost');
      this._socket = this._open();
      return;
    }
    const bytes = new TextEncoder().encode(text);
    if (bytes.length > seen) {
      this._offset += bytes.length - seen;
      const fresh = seen === 0 ? text : new TextDecoder().decode(bytes.subarray(seen));
      this._options.onText(fresh);
    }
  }

  private _tell(connection: Connection): void {
    const told = this._complete ? 'complete' : connection;
    if (told !== this._told && !this._disposed) {
      this._told = told;
      this._options.onConnection(told);
    }
  }

  private _complete = false;
  private _disposed = false;
  private _offset = 0;
  private _socket: ResumingSocket;
  private _told: Connection = 'connecting';
  private _tries = 0;
}
