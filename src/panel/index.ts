import type { ServerConnection } from '@jupyterlab/services';
import type { ISettingRegistry } from '@jupyterlab/settingregistry';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { Widget } from '@lumino/widgets';

import { ApiClient } from '../api/client';
import { EnvironmentsModel } from '../model';
import { EnvironmentsWidget } from './widget';

/**
 * The panel with a model of its own, which follows the settings until the panel is disposed.
 */
export function createPanel(options: {
  serverSettings: ServerConnection.ISettings;
  settings: ISettingRegistry.ISettings | null;
  trans: TranslationBundle;
}): Widget {
  const { serverSettings, settings, trans } = options;
  const model = new EnvironmentsModel(new ApiClient(serverSettings));
  const followSettings = () => {
    model.interval = (settings?.get('refreshInterval').composite as number | undefined) ?? 10;
  };
  followSettings();
  settings?.changed.connect(followSettings);

  const widget = new EnvironmentsWidget(model, trans);
  widget.disposed.connect(() => {
    settings?.changed.disconnect(followSettings);
    model.dispose();
  });
  return widget;
}
