import type { IDisposable } from '@lumino/disposable';
import { type ISignal, Signal } from '@lumino/signaling';

import { type ApiClient, ApiError } from '../api/client';
import type { Environment, Version, VersionSummary } from '../api/schemas';
import type { EnvironmentsModel } from '../environments/model';

/** One environment with its versions, as they were last read. */
export interface IDetailState {
  /** `null` until it is known, and when it is gone. */
  readonly environment: Environment | null;
  /** There is no such environment, or the person may not see it. */
  readonly gone: boolean;
  /** Newest first; `null` until the first answer. */
  readonly versions: readonly VersionSummary[] | null;
  /** The number of the version that is shown; `null` when there is none yet. */
  readonly number: number | null;
  /** All about that one; `null` until it is read. */
  readonly version: Version | null;
  /** Why the last reading failed; `null` after one that worked. */
  readonly error: unknown;
}

export type VersionsSource = Pick<ApiClient, 'versions' | 'version'>;
export type EnvironmentsPart = Pick<
  EnvironmentsModel,
  'find' | 'read' | 'ensure' | 'state' | 'stateChanged'
>;

/**
 * What the tab of one environment shows. The environment itself comes from the list that all views share; its versions
 * are read here, again whenever the environment has changed. An answer that was overtaken is dropped.
 */
export class DetailModel implements IDisposable {
  /** @param wanted - the version to show; `null` for the latest one, whichever that is */
  constructor(
    readonly shortName: string,
    private readonly _source: VersionsSource,
    private readonly _environments: EnvironmentsPart,
    private _wanted: number | null = null
  ) {
    this._state = {
      environment: null,
      gone: false,
      versions: null,
      number: null,
      version: null,
      error: null
    };
    _environments.stateChanged.connect(this._follow);
    void _environments.ensure();
    this._follow();
  }

  get state(): IDetailState {
    return this._state;
  }

  get stateChanged(): ISignal<this, IDetailState> {
    return this._stateChanged;
  }

  /** The version that the person has chosen; `null` while they follow the latest one. */
  get wanted(): number | null {
    return this._wanted;
  }

  get isDisposed(): boolean {
    return this._disposed;
  }

  dispose(): void {
    if (!this._disposed) {
      this._disposed = true;
      this._environments.stateChanged.disconnect(this._follow);
      Signal.clearData(this);
    }
  }

  /** Show this version; `null` for the latest one. The number of the latest one means the same. */
  choose(number: number | null): void {
    const { environment } = this._state;
    const wanted = number === environment?.latest_version ? null : number;
    if (wanted !== this._wanted) {
      this._wanted = wanted;
      if (environment) {
        this._show();
        void this._read();
      }
    }
  }

  /** Read all of it now. Never rejects: the state says what went wrong. */
  async refresh(): Promise<void> {
    if (await this._find()) {
      await this._read();
    }
  }

  private readonly _follow = (): void => {
    const environment = this._environments.find(this.shortName);
    if (!environment) {
      // The list may be cut short, or not be there yet: only the server knows that it is gone.
      if (!this._state.gone && this._state.error === null) {
        void this._find();
      }
      return;
    }
    this._take(environment);
  };

  private _take(environment: Environment): void {
    if (environment === this._state.environment) {
      return;
    }
    const before = this._state.environment;
    this._change({ environment, gone: false });
    const back = this._environments.state.live && !this._live && this._state.error !== null;
    this._live = this._environments.state.live;
    if (back || before === null || versionsKey(before) !== versionsKey(environment)) {
      this._show();
      void this._read();
    }
  }

  /** @returns whether the environment is there */
  private async _find(): Promise<boolean> {
    if (this._finding) {
      return false;
    }
    this._finding = true;
    try {
      const environment = await this._environments.read(this.shortName, true);
      if (environment !== null) {
        this._take(environment);
      } else if (!this._disposed) {
        this._turn += 1;
        this._change({ environment: null, gone: true, error: null });
      }
      return environment !== null;
    } catch (error) {
      this._change({ error });
      return false;
    } finally {
      this._finding = false;
    }
  }

  private async _read(): Promise<void> {
    const turn = ++this._turn;
    const { number } = this._state;
    const current = () => turn === this._turn && !this._disposed;
    try {
      const [versions, version] =
        number === null
          ? [[], null]
          : await Promise.all([
              this._source.versions(this.shortName),
              this._source.version(this.shortName, number)
            ]);
      if (current()) {
        if (version?.outcome === 'succeeded') {
          this._built.set(version.number, version);
        }
        this._change({ versions, version, error: null });
      }
    } catch (error) {
      if (!current()) {
        return;
      }
      const missing = error instanceof ApiError && error.status === 404;
      if (missing && this._wanted !== null) {
        // A failed version goes when the environment is submitted, all of them when it is made anew.
        this._built.clear();
        this.choose(null);
      } else if (!missing || (await this._find())) {
        this._change({ error });
      }
    }
  }

  /** Put the number of the version to show into the state, with what is known of it. */
  private _show(): void {
    const { environment, number } = this._state;
    if (this._wanted === environment?.latest_version) {
      this._wanted = null;
    }
    const shown = this._wanted ?? environment?.latest_version ?? null;
    if (shown !== number) {
      this._change({
        number: shown,
        version: shown === null ? null : (this._built.get(shown) ?? null)
      });
    }
  }

  private _change(change: Partial<IDetailState>): void {
    if (!this._disposed) {
      this._state = { ...this._state, ...change };
      this._stateChanged.emit(this._state);
    }
  }

  /** Versions that were built never change. */
  private readonly _built = new Map<number, Version>();
  private _disposed = false;
  private _finding = false;
  private _live = false;
  private _state: IDetailState;
  private readonly _stateChanged = new Signal<this, IDetailState>(this);
  private _turn = 0;
}

/** Equal as long as nothing has happened to the versions; how far a build is does not count. */
function versionsKey(environment: Environment): string {
  const { etag, status, phase, latest_version, usable_version, published_version } = environment;
  const queued = phase === 'queued';
  return [etag, status, queued, latest_version, usable_version, published_version].join(' ');
}
