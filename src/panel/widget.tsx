import type { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget, UseSignal } from '@jupyterlab/ui-components';
import * as React from 'react';

import type { EnvironmentsModel } from '../model';
import { EnvironmentsPanel } from './environmentsPanel';

/**
 * Shows the model, and tells it whether anybody can see it.
 */
export class EnvironmentsWidget extends ReactWidget {
  constructor(
    private readonly _model: EnvironmentsModel,
    private readonly _trans: TranslationBundle
  ) {
    super();
    this.addClass('jp-DataflowEnvs-content');
  }

  protected override onAfterAttach(...args: Parameters<ReactWidget['onAfterAttach']>): void {
    super.onAfterAttach(...args);
    this._model.visible = this.isVisible;
  }

  protected override onAfterShow(): void {
    this._model.visible = true;
  }

  protected override onAfterHide(): void {
    this._model.visible = false;
  }

  protected override onBeforeDetach(...args: Parameters<ReactWidget['onBeforeDetach']>): void {
    this._model.visible = false;
    super.onBeforeDetach(...args);
  }

  protected render(): JSX.Element {
    return (
      <UseSignal signal={this._model.stateChanged} initialArgs={this._model.state}>
        {(_, state) => (
          <EnvironmentsPanel
            state={state ?? this._model.state}
            onRefresh={() => void this._model.refresh()}
            onMore={() => void this._model.more()}
            trans={this._trans}
          />
        )}
      </UseSignal>
    );
  }
}
