import '../../../style/detail.css';
import '../../../style/local.css';

import type { Message } from '@lumino/messaging';
import * as React from 'react';

import type { ILocalArgs, LocalSection } from '../../tokens';
import { plain } from '../../ui/plain';
import { View } from '../../ui/view';
import type { IWorkbench } from '../../workbench';
import { localStatusWord } from '../words';
import { LocalDetail } from './detail';
import { LocalDetailModel } from './model';

export type ILocalDetailArgs = ILocalArgs & { id: string };

/** The tab of one Local environment. */
export function createLocalDetail(
  workbench: IWorkbench,
  args: ILocalDetailArgs
): View<ILocalDetailArgs> {
  return new LocalDetailView(workbench, args);
}

class LocalDetailView extends View<ILocalDetailArgs> {
  constructor(workbench: IWorkbench, args: ILocalDetailArgs) {
    super(workbench, args);
    this.addClass('jp-DataflowEnvs-detail');
    this._model = new LocalDetailModel(args.id, workbench.local.routes, workbench.local);
    this._model.stateChanged.connect(this._follow);
    this.node.addEventListener('focusin', this._onFocus);
    this._follow();
  }

  override dispose(): void {
    if (!this.isDisposed) {
      this.node.removeEventListener('focusin', this._onFocus);
      this._model.dispose();
    }
    super.dispose();
  }

  /** What the arguments leave out stays as it is. */
  override open({ id, section }: ILocalDetailArgs): void {
    super.open({ id, section: section ?? this.args.section });
  }

  protected draw({ section = 'packages' }: ILocalDetailArgs): JSX.Element {
    return (
      <LocalDetail
        model={this._model}
        section={section}
        onSection={chosen => this._showSection(chosen)}
      />
    );
  }

  protected override onActivateRequest(): void {
    super.onActivateRequest();
    this._onFocus();
  }

  protected override onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    this._model.visible = this.isVisible;
  }

  protected override onAfterShow(): void {
    this._model.visible = true;
  }

  protected override onAfterHide(): void {
    this._model.visible = false;
  }

  private _showSection(section: LocalSection): void {
    this.showArgs({ ...this.args, section });
  }

  private readonly _follow = (): void => {
    const { local } = this._model.state;
    if (local) {
      this.title.label = plain(local.name);
      const status = localStatusWord(local.status, this.workbench.trans);
      this.title.caption = `${plain(local.prefix)} · ${status}`;
    }
  };

  private readonly _onFocus = (): void => {
    this.workbench.currentLocal = this.args.id;
  };

  private readonly _model: LocalDetailModel;
}
