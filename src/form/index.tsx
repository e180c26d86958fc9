import '../../style/form.css';

import { Dialog, MainAreaWidget } from '@jupyterlab/apputils';
import { Widget } from '@lumino/widgets';
import * as React from 'react';

import { confirm } from '../actions/dialogs';
import { CommandIDs, type IFormArgs } from '../tokens';
import { View } from '../ui/view';
import type { IWorkbench } from '../workbench';
import { Catalog } from './catalog';
import { FIRST, Form } from './form';
import { FormModel } from './model';

/** The form for a new environment, or to edit or duplicate one. */
export function createForm(workbench: IWorkbench, args: IFormArgs): View<IFormArgs> {
  return new FormView(workbench, args);
}

class FormView extends View<IFormArgs> {
  constructor(workbench: IWorkbench, args: IFormArgs) {
    super(workbench, args);
    this.addClass('jp-DataflowEnvs-formView');
    this._model = new FormModel(workbench, args);
    this._catalog = new Catalog(workbench.client);
    this.title.label = titleOf(workbench, args);
  }

  /** Whether the tab may go: asks when that would lose something. */
  async mayClose(): Promise<boolean> {
    if (!this._model.differs) {
      this._model.discard();
      return true;
    }
    const { trans } = this.workbench;
    const body = new Widget();
    body.addClass('jp-DataflowEnvs-dialog');
    body.node.textContent = trans.__('What you have typed is not saved yet.');
    const save = Dialog.okButton({ label: trans.__('Save') });
    const discard = Dialog.warnButton({ label: trans.__('Discard'), accept: true });
    const { button } = await new Dialog({
      title: trans.__('Save “%1” before closing it?', this.title.label),
      body,
      buttons: [Dialog.cancelButton({ label: trans.__('Cancel') }), discard, save],
      defaultButton: 2
    }).launch();
    if (button.label === discard.label) {
      this._model.discard();
      return true;
    }
    return button.label === save.label && (await this._model.save()) !== null;
  }

  override dispose(): void {
    if (!this.isDisposed) {
      this._model.dispose();
      super.dispose();
    }
  }

  protected draw(): JSX.Element {
    return (
      <Form
        model={this._model}
        catalog={this._catalog}
        title={this.title.label}
        onSave={then => void this._save(then)}
        onDiscard={() => void this._discard()}
      />
    );
  }

  protected override onActivateRequest(): void {
    super.onActivateRequest();
    if (document.activeElement === this.node) {
      this.node.querySelector<HTMLElement>(FIRST)?.focus();
    }
  }

  private async _save(then: 'save' | 'build'): Promise<void> {
    const saved = await this._model.save(then);
    if (!saved) {
      return;
    }
    const { commands } = this.workbench;
    if ('id' in saved) {
      await commands.execute(CommandIDs.openLocal, { id: saved.id, section: 'log' });
      this._leave();
      return;
    }
    const { short_name: shortName } = saved;
    const building =
      then === 'build' &&
      ((await commands.execute(CommandIDs.action('build'), { shortName })) as boolean);
    await commands.execute(
      CommandIDs.open,
      building ? { shortName, section: 'log' } : { shortName }
    );
    this._leave();
  }

  private async _discard(): Promise<void> {
    const { trans } = this.workbench;
    const sure =
      !this._model.differs ||
      (await confirm({
        title: trans.__('Discard “%1”?', this.title.label),
        text: [trans.__('What you have typed is lost.')],
        accept: trans.__('Discard'),
        danger: true,
        trans
      }));
    if (sure) {
      this._model.discard();
      this._model.reset();
      this._leave();
    }
  }

  /** Close the tab that this stands in. */
  private _leave(): void {
    let widget: Widget | null = this.parent;
    while (widget && !(widget instanceof MainAreaWidget)) {
      widget = widget.parent;
    }
    widget?.close();
  }

  private readonly _catalog: Catalog;
  private readonly _model: FormModel;
}

function titleOf({ trans }: IWorkbench, { mode, shortName }: IFormArgs): string {
  switch (mode) {
    case 'edit':
      return trans.__('Edit %1', shortName ?? '');
    case 'duplicate':
      return trans.__('Duplicate %1', shortName ?? '');
    case 'new':
      return trans.__('New Environment');
    case 'local':
      return trans.__('New Local Environment');
  }
}
