import { Dialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { Widget } from '@lumino/widgets';

export interface ISubmitOptions {
  title: string;
  body: Widget;
  accept: string;
  /** Where to begin. */
  focus: string;
  /** Do it; the dialog stays until this says that it was done, and shows why it was not. */
  submit: () => Promise<boolean>;
  trans: TranslationBundle;
}

/** A dialog that is done only when the server has taken what it asks for. */
export class SubmitDialog extends Dialog<void> {
  constructor(options: ISubmitOptions) {
    const { title, body, accept, focus, trans } = options;
    super({
      title,
      body,
      buttons: [
        Dialog.cancelButton({ label: trans.__('Cancel') }),
        Dialog.okButton({ label: accept })
      ],
      focusNodeSelector: focus
    });
    this._submit = options.submit;
    this.addClass('jp-DataflowEnvs-submitDialog');
  }

  override resolve(index?: number): void {
    if (index === 0) {
      super.resolve(index);
    } else {
      void this._try();
    }
  }

  private async _try(): Promise<void> {
    if (this._busy) {
      return;
    }
    const button = this.node.querySelector('.jp-Dialog-button.jp-mod-accept');
    this._busy = true;
    button?.setAttribute('aria-busy', 'true');
    try {
      if (await this._submit()) {
        super.resolve(1);
      }
    } finally {
      this._busy = false;
      button?.removeAttribute('aria-busy');
    }
  }

  private _busy = false;
  private readonly _submit: () => Promise<boolean>;
}

/** @returns whether it was done; not when the person cancels */
export async function askAndSubmit(options: ISubmitOptions): Promise<boolean> {
  return (await new SubmitDialog(options).launch()).button.accept;
}
