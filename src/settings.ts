import type { ISettingRegistry } from '@jupyterlab/settingregistry';
import { type ISignal, Signal } from '@lumino/signaling';

/**
 * What the person has set in JupyterLab's settings editor; `schema/plugin.json` describes each and has the same defaults.
 */
export interface ISettingValues {
  /** Seconds between two readings of the list while the live connection is lost; 0: only on request. */
  pollInterval: number;
  /** Shown below the form's library boxes: what the organisation's channels hold, whom to ask. */
  channelsNote: string;
  logWrap: boolean;
  logFollow: boolean;
  confirmCancel: boolean;
  confirmRevert: boolean;
  confirmDeactivate: boolean;
  /** Toasts for builds that one has started, and for reviews. */
  toasts: boolean;
  statusBar: boolean;
  /** Dataflow and Local Environments as groups in launcher and kernel picker. */
  kernelCategories: boolean;
}

export const DEFAULTS: ISettingValues = {
  pollInterval: 10,
  channelsNote: '',
  logWrap: true,
  logFollow: true,
  confirmCancel: true,
  confirmRevert: true,
  confirmDeactivate: false,
  toasts: true,
  statusBar: true,
  kernelCategories: true
};

/** The settings, with their defaults where there is no registry or it has not answered yet. */
export class Settings {
  constructor(loading: Promise<ISettingRegistry.ISettings> | null) {
    loading?.then(
      settings => {
        this._settings = settings;
        settings.changed.connect(() => this._changed.emit());
        this._changed.emit();
      },
      reason => console.error('The settings of Dataflow Environments could not be read.', reason)
    );
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get<K extends keyof ISettingValues>(name: K): ISettingValues[K] {
    return (this._settings?.get(name).composite as ISettingValues[K] | undefined) ?? DEFAULTS[name];
  }

  async set<K extends keyof ISettingValues>(name: K, value: ISettingValues[K]): Promise<void> {
    await this._settings?.set(name, value);
  }

  private readonly _changed = new Signal<this, void>(this);
  private _settings: ISettingRegistry.ISettings | null = null;
}
