import type { KernelSpec } from '@jupyterlab/services';
import type { IDisposable } from '@lumino/disposable';

import { type ApiClient, ApiError } from '../api/client';
import type { Environment, HappenedEvent, Me } from '../api/schemas';
import type { EventStream } from '../live/eventStream';
import { dataflowKernelOf, kernelNameOf } from './spec';

/** After which one a kernelspec may be another, or none. */
const CHANGES = new Set([
  'build.succeeded',
  'review.approved',
  'environment.activated',
  'environment.deactivated',
  'environment.deleted',
  'environment.edited',
  'environment.transferred',
  'environment.unpublished'
]);
/** Milliseconds before each next look: the kernelspec may be written by another process, a moment after the event. */
const PAUSES = [0, 100, 200, 400, 800, 1600, 3200];

export type KernelspecSource = Pick<KernelSpec.IManager, 'specs' | 'refreshSpecs'>;

export interface IFreshSpecsOptions {
  specs: KernelspecSource;
  client: Pick<ApiClient, 'environment'>;
  events: Pick<EventStream, 'happened' | 'connectedChanged'>;
  me: () => Promise<Me>;
}

/**
 * Keeps JupyterLab's list of kernels as the environments are: it reads that list by itself only once a minute.
 *
 * A refresh that meets another one may bring the older list, and in a hidden tab none at all. So each change is looked
 * for until it is there, and again once the tab is looked at.
 */
export class FreshSpecs implements IDisposable {
  constructor(private readonly _options: IFreshSpecsOptions) {
    const { events } = _options;
    events.happened.connect(this._onHappened);
    events.connectedChanged.connect(this._onConnected);
    document.addEventListener('visibilitychange', this._onVisible);
  }

  get isDisposed(): boolean {
    return this._disposed;
  }

  dispose(): void {
    this._disposed = true;
    const { events } = this._options;
    events.happened.disconnect(this._onHappened);
    events.connectedChanged.disconnect(this._onConnected);
    document.removeEventListener('visibilitychange', this._onVisible);
  }

  /**
   * Until JupyterLab knows the kernel of an environment that was just activated.
   *
   * @returns its name; `null` when it has not come after some seconds
   */
  async arrival(shortName: string): Promise<string | null> {
    const name = kernelNameOf(shortName);
    const there = () => Boolean(this._options.specs.specs?.kernelspecs[name]);
    return (await this._until(there)) ? name : null;
  }

  private readonly _onHappened = (_: unknown, event: HappenedEvent): void => {
    if (event.short_name !== null && CHANGES.has(event.kind)) {
      void this._follow(event.short_name, event);
    }
  };

  private readonly _onConnected = (_: unknown, connected: boolean): void => {
    if (connected) {
      // What happened while nobody listened is not always told one by one.
      void this._refresh();
    }
  };

  private readonly _onVisible = (): void => {
    if (!document.hidden) {
      const missed = [...this._missed];
      this._missed.clear();
      missed.forEach(shortName => void this._follow(shortName));
    }
  };

  /** @param event - `null` when it is known to matter here */
  private async _follow(shortName: string, event: HappenedEvent | null = null): Promise<void> {
    if (event !== null && this._spec(shortName) === undefined) {
      // Of published environments everybody hears everything: most of it is about other people's kernels.
      const me = await this._options.me().catch(() => null);
      if (event.kind !== 'environment.activated' || event.actor !== me?.name) {
        return;
      }
    }
    const [wanted] = await Promise.all([this._read(shortName), this._refresh()]);
    if (wanted === undefined) {
      return;
    }
    const settled = await this._until(() => {
      const kernel = dataflowKernelOf(this._spec(shortName));
      return wanted?.active
        ? kernel?.version === wanted.usable_version && kernel.fullName === wanted.full_name
        : kernel === null;
    });
    if (!settled && document.hidden) {
      this._missed.add(shortName);
    }
  }

  /** The environment; `null` when there is none any more, `undefined` when nobody can tell now. */
  private async _read(shortName: string): Promise<Environment | null | undefined> {
    try {
      return await this._options.client.environment(shortName, true);
    } catch (error) {
      return error instanceof ApiError && error.status === 404 ? null : undefined;
    }
  }

  private async _until(condition: () => boolean): Promise<boolean> {
    for (const pause of PAUSES) {
      if (condition()) {
        return true;
      }
      if (this.isDisposed) {
        return false;
      }
      await new Promise(resolve => setTimeout(resolve, pause));
      await this._refresh();
    }
    return condition();
  }

  private _spec(shortName: string): KernelSpec.ISpecModel | undefined {
    return this._options.specs.specs?.kernelspecs[kernelNameOf(shortName)];
  }

  private async _refresh(): Promise<void> {
    // What can't be read now is read by JupyterLab's own poll later.
    await this._options.specs.refreshSpecs().catch(() => undefined);
  }

  private readonly _missed = new Set<string>();
  private _disposed = false;
}
