import type { CommandRegistry } from '@lumino/commands';

import type { Environment, HappenedEvent, ProgressFrame } from '../api/schemas';
import type { IDataflowEnvironments } from '../tokens';
import { BuildToast } from './buildToast';
import { tellNews } from './news';

/** Milliseconds: what happened longer ago, while the connection was lost, is no news. */
const NEWS = 600_000;

/** What JupyterLab's notifications tell of environments. */
export class Toasts {
  constructor(
    private readonly _shared: IDataflowEnvironments,
    private readonly _commands: CommandRegistry
  ) {
    _shared.settings.changed.connect(() => {
      if (!_shared.settings.get('toasts')) {
        this._builds.forEach(toast => toast.dismiss());
        this._builds.clear();
      }
    });
  }

  /** Of one event, in order. */
  happened(event: HappenedEvent): void {
    this._last = this._last
      .then(() => this._tell(event))
      .catch(reason => console.error('A notification could not be shown.', reason));
  }

  progressed(frame: ProgressFrame): void {
    this._builds.get(frame.short_name)?.progressed(frame);
  }

  /** A build that ran when the page was loaded: it may be one's own. */
  async found(environment: Environment): Promise<void> {
    const { client } = this._shared;
    const [me, [latest]] = await Promise.all([
      this._shared.me(),
      client.versions(environment.short_name)
    ]).catch(() => [null, []] as const);
    const isRunning = latest?.outcome === 'queued' || latest?.outcome === 'building';
    if (isRunning && latest.created_by === me?.name && !this._builds.has(environment.short_name)) {
      this._follow(environment.short_name, latest.number).begin(environment);
    }
  }

  private async _tell(event: HappenedEvent): Promise<void> {
    const isOld = Date.now() - Date.parse(event.at) > NEWS;
    if (!event.kind.startsWith('build.')) {
      await (isOld ? undefined : tellNews(event, this._shared, this._commands));
      return;
    }
    const { short_name: shortName, version } = event;
    if (shortName === null || version === null) {
      return;
    }
    const known = this._builds.get(shortName);
    if (!known && (isOld || event.actor !== (await this._shared.me()).name)) {
      return;
    }
    const toast = known?.version === version ? known : this._follow(shortName, version);
    await toast.happened(event);
  }

  private _follow(shortName: string, version: number): BuildToast {
    this._builds.get(shortName)?.dismiss();
    const toast = new BuildToast(shortName, version, this._shared, this._commands);
    this._builds.set(shortName, toast);
    return toast;
  }

  private readonly _builds = new Map<string, BuildToast>();
  private _last: Promise<void> = Promise.resolve();
}
