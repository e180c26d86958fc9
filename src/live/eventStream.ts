import type { ServerConnection } from '@jupyterlab/services';
import type { IDisposable } from '@lumino/disposable';
import { type ISignal, Signal } from '@lumino/signaling';

import type { EventsFrame, HappenedEvent, ProgressFrame } from '../api/schemas';
import { ResumingSocket } from './resumingSocket';

/**
 * What happens in the deployment, as the person may see it, by the server's `/events`: every event once and in order,
 * also over lost connections.
 */
export class EventStream implements IDisposable {
  constructor(private readonly _settings: ServerConnection.ISettings) {}

  /** Begin to listen; what happened before is not told. */
  connect(): void {
    this._socket ??= new ResumingSocket({
      settings: this._settings,
      path: () => this._path(),
      onFrame: frame => this._hear(frame as EventsFrame),
      onConnected: connected => {
        this._connected = connected;
        this._connectedChanged.emit(connected);
      }
    });
  }

  /** Of one event, as it happens. */
  get happened(): ISignal<this, HappenedEvent> {
    return this._happened;
  }

  /** How far one queued or running build is. */
  get progressed(): ISignal<this, ProgressFrame> {
    return this._progressed;
  }

  /** Too much was missed to be told one by one, or this is the first connection: read your lists again. */
  get stale(): ISignal<this, void> {
    return this._stale;
  }

  get connected(): boolean {
    return this._connected;
  }

  get connectedChanged(): ISignal<this, boolean> {
    return this._connectedChanged;
  }

  get isDisposed(): boolean {
    return this._disposed;
  }

  dispose(): void {
    if (this._disposed) {
      return;
    }
    this._disposed = true;
    this._socket?.dispose();
    Signal.clearData(this);
  }

  private _path(): string {
    if (this._seq === null || this._deployment === null) {
      return 'events';
    }
    return `events?since=${this._seq}&deployment=${encodeURIComponent(this._deployment)}`;
  }

  private _hear(frame: EventsFrame): void {
    switch (frame.type) {
      case 'hello':
        if (frame.deployment !== this._deployment) {
          // The numbers of another deployment mean nothing in this one.
          this._deployment = frame.deployment;
          this._seq = null;
        }
        return;
      case 'progress':
        this._progressed.emit(frame);
        return;
      case 'snapshot':
        this._seq = frame.seq;
        this._stale.emit();
        return;
      case 'position':
        this._seq = Math.max(this._seq ?? 0, frame.seq);
        return;
      case 'event':
        if (frame.seq > (this._seq ?? -1)) {
          this._seq = frame.seq;
          this._happened.emit(frame);
        }
    }
  }

  private _connected = false;
  private readonly _connectedChanged = new Signal<this, boolean>(this);
  private readonly _happened = new Signal<this, HappenedEvent>(this);
  private readonly _progressed = new Signal<this, ProgressFrame>(this);
  private readonly _stale = new Signal<this, void>(this);
  private _deployment: string | null = null;
  private _disposed = false;
  private _seq: number | null = null;
  private _socket: ResumingSocket | null = null;
}
