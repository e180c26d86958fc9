import type { TranslationBundle } from '@jupyterlab/translation';
import { Panel, type Widget } from '@lumino/widgets';

import { environmentsIcon } from '../icons';
import { loadingFailed } from './tabs';

/**
 * The place in the side bar. What it shows is fetched when somebody opens it for the first time.
 */
export class EnvironmentsSidebar extends Panel {
  constructor(
    private readonly _trans: TranslationBundle,
    private readonly _load: () => Promise<Widget>
  ) {
    super();
    this.id = 'jupyter-dataflow-envs';
    this.addClass('jp-DataflowEnvs-sidebar');
    this.title.icon = environmentsIcon;
    this.title.caption = _trans.__('Environments');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', _trans.__('Environments'));
  }

  protected override onBeforeShow(): void {
    void this._fill();
  }

  protected override onAfterAttach(): void {
    if (this.isVisible) {
      void this._fill();
    }
  }

  private async _fill(): Promise<void> {
    if (this._filling) {
      return;
    }
    this._filling = true;
    for (const leftOver of [...this.widgets]) {
      leftOver.dispose();
    }
    try {
      this.addWidget(await this._load());
    } catch (error) {
      console.error('The Environments panel could not be loaded.', error);
      this.addWidget(
        loadingFailed(
          this._trans.__(
            'The panel could not be loaded. Close and open it to try again; reload the page if that does not help.'
          )
        )
      );
      this._filling = false;
    }
  }

  private _filling = false;
}
