import type { ISessionContext } from '@jupyterlab/apputils';
import type { Kernel } from '@jupyterlab/services';
import type { IDisposable } from '@lumino/disposable';
import { type ISignal, Signal } from '@lumino/signaling';

import type { ApiClient } from '../api/client';
import type { Environment, HappenedEvent } from '../api/schemas';
import { fullNameIn, localKernelOf, shortNameIn } from '../kernels/spec';
import type { EventStream } from '../live/eventStream';

/** A kernel is a process a moment before it has left the note of which version it is. */
const ATTEMPTS = 3;

export interface IKernelStatus {
  shortName: string;
  fullName: string;
  /** What the kernel runs; `null` when nobody knows. */
  version: number | null;
  /** What it would run after a restart, if that is newer. */
  newer: number | null;
  /** Why the environment should not be used any more. */
  deprecated: string | null;
}

/** Of a kernel of a Local environment, which has no versions. */
export interface ILocalKernelStatus {
  /** Its id. */
  local: string;
  name: string;
}

export interface IKernelStatusOptions {
  client: Pick<ApiClient, 'environment' | 'kernels'>;
  events: Pick<EventStream, 'happened' | 'stale'>;
}

/** Which environment and version the kernel of one notebook or console really runs. */
export class KernelStatusModel implements IDisposable {
  constructor(private readonly _options: IKernelStatusOptions) {
    _options.events.happened.connect(this._onHappened);
    _options.events.stale.connect(this._onStale);
  }

  /** `null` while there is no kernel of an environment. */
  get state(): IKernelStatus | ILocalKernelStatus | null {
    return this._state;
  }

  get stateChanged(): ISignal<this, IKernelStatus | ILocalKernelStatus | null> {
    return this._stateChanged;
  }

  get context(): ISessionContext | null {
    return this._context;
  }

  set context(context: ISessionContext | null) {
    if (context === this._context) {
      return;
    }
    this._context?.kernelChanged.disconnect(this._onKernel);
    this._context?.statusChanged.disconnect(this._onStatus);
    this._context = context;
    context?.kernelChanged.connect(this._onKernel);
    context?.statusChanged.connect(this._onStatus);
    this._onKernel();
  }

  get isDisposed(): boolean {
    return this._disposed;
  }

  dispose(): void {
    this.context = null;
    this._disposed = true;
    this._options.events.happened.disconnect(this._onHappened);
    this._options.events.stale.disconnect(this._onStale);
    Signal.clearData(this);
  }

  private readonly _onKernel = (): void => {
    const kernel = this._context?.session?.kernel ?? null;
    const shortName = shortNameIn(kernel?.name);
    this._attempts = 0;
    this._version = null;
    this._turn += 1;
    if (!kernel || shortName === null) {
      this._show(kernel && this._localOf(kernel));
      return;
    }
    if (this._shortName !== shortName) {
      this._environment = null;
    }
    this._draw(kernel, shortName);
    void this._readVersion();
    void this._readEnvironment(shortName);
  };

  private readonly _onStatus = (_: unknown, status: Kernel.Status): void => {
    if (STARTS.has(status)) {
      // What it runs afterwards may be another version.
      this._version = null;
      this._attempts = 0;
    } else if ((status === 'idle' || status === 'busy') && this._version === null) {
      void this._readVersion();
    }
  };

  private readonly _onHappened = (_: unknown, event: HappenedEvent): void => {
    if (event.short_name !== null && event.short_name === this._shortName) {
      void this._readEnvironment(event.short_name);
    }
  };

  private readonly _onStale = (): void => {
    const shortName = this._shortName;
    if (shortName !== null) {
      void this._readEnvironment(shortName);
    }
  };

  /** Of the Dataflow environment that is shown. */
  private get _shortName(): string | null {
    return this._state && 'shortName' in this._state ? this._state.shortName : null;
  }

  private _localOf({ name: kernelName }: Kernel.IKernelConnection): ILocalKernelStatus | null {
    const local = localKernelOf(this._context?.specsManager.specs?.kernelspecs[kernelName]);
    return local && { local: local.id, name: local.name };
  }

  private async _readVersion(): Promise<void> {
    const kernel = this._context?.session?.kernel;
    const shortName = shortNameIn(kernel?.name);
    if (!kernel || shortName === null || this._attempts >= ATTEMPTS) {
      return;
    }
    this._attempts += 1;
    const turn = this._turn;
    const running = await this._options.client.kernels().catch(() => []);
    const version = running.find(({ kernel_id: id }) => id === kernel.id)?.version ?? null;
    if (turn === this._turn && version !== null) {
      this._version = version;
      this._draw(kernel, shortName);
    }
  }

  private async _readEnvironment(shortName: string): Promise<void> {
    // Deleted, or out of reach: what was known last stays, as the kernel does.
    const environment = await this._options.client.environment(shortName, true).catch(() => null);
    const kernel = this._context?.session?.kernel;
    if (environment && kernel && shortNameIn(kernel.name) === shortName) {
      this._environment = environment;
      this._draw(kernel, shortName);
    }
  }

  private _draw(kernel: Kernel.IKernelConnection, shortName: string): void {
    const environment = this._environment;
    const displayName =
      this._context?.specsManager.specs?.kernelspecs[kernel.name]?.display_name ?? shortName;
    const usable = environment?.usable_version ?? null;
    this._show({
      shortName,
      fullName: environment?.full_name ?? fullNameIn(displayName),
      version: this._version,
      newer: this._version !== null && usable !== null && usable > this._version ? usable : null,
      deprecated: environment?.deprecated?.reason ?? null
    });
  }

  private _show(state: IKernelStatus | ILocalKernelStatus | null): void {
    this._state = state;
    this._stateChanged.emit(state);
  }

  private readonly _stateChanged = new Signal<this, IKernelStatus | ILocalKernelStatus | null>(
    this
  );
  private _attempts = 0;
  private _context: ISessionContext | null = null;
  private _disposed = false;
  private _environment: Environment | null = null;
  private _state: IKernelStatus | ILocalKernelStatus | null = null;
  private _turn = 0;
  private _version: number | null = null;
}

const STARTS: ReadonlySet<Kernel.Status> = new Set<Kernel.Status>([
  'starting',
  'restarting',
  'autorestarting',
  'terminating',
  'dead'
]);
