import { Dialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { Widget } from '@lumino/widgets';

/** Ask whether to go on; without `accept`, only Cancel is offered. */
export async function confirm(options: {
  title: string;
  text: readonly string[];
  accept: string;
  danger?: boolean;
  trans: TranslationBundle;
}): Promise<boolean> {
  const { title, text, accept, danger, trans } = options;
  const body = new Widget();
  body.addClass('jp-DataflowEnvs-dialog');
  for (const sentence of text) {
    const paragraph = document.createElement('p');
    paragraph.textContent = sentence;
    body.node.append(paragraph);
  }
  const button = danger ? Dialog.warnButton({ label: accept }) : Dialog.okButton({ label: accept });
  const result = await new Dialog({
    title,
    body,
    buttons: [Dialog.cancelButton({ label: trans.__('Cancel') }), button],
    defaultButton: danger ? 0 : 1
  }).launch();
  return result.button.accept;
}

/**
 * Ask for some lines of text.
 *
 * @param options.required - whether the dialog can only be accepted with a text
 * @returns the text without blanks around it; `null` when the person cancels
 */
export async function askText(options: {
  title: string;
  text: readonly string[];
  label: string;
  accept: string;
  required?: boolean;
  oneLine?: boolean;
  danger?: boolean;
  trans: TranslationBundle;
}): Promise<string | null> {
  const { title, accept, danger, trans } = options;
  const body = new TextBody(options);
  const button = danger ? Dialog.warnButton({ label: accept }) : Dialog.okButton({ label: accept });
  const dialog = new Dialog({
    title,
    body,
    buttons: [Dialog.cancelButton({ label: trans.__('Cancel') }), button],
    focusNodeSelector: '.jp-DataflowEnvs-dialogText'
  });
  body.watch(filled => {
    const accepting = dialog.node.querySelector<HTMLButtonElement>(
      '.jp-Dialog-button.jp-mod-accept'
    );
    accepting?.toggleAttribute('disabled', Boolean(options.required) && !filled);
  });
  const launched = dialog.launch();
  const result = await launched;
  return result.button.accept ? (result.value ?? '') : null;
}

class TextBody extends Widget implements Dialog.IBodyWidget<string> {
  constructor(options: { text: readonly string[]; label: string; oneLine?: boolean }) {
    super();
    this.addClass('jp-DataflowEnvs-dialog');
    for (const sentence of options.text) {
      const paragraph = document.createElement('p');
      paragraph.textContent = sentence;
      this.node.append(paragraph);
    }
    const label = document.createElement('label');
    label.textContent = options.label;
    this._input = document.createElement(options.oneLine ? 'input' : 'textarea');
    this._input.className = 'jp-DataflowEnvs-dialogText jp-mod-styled';
    if (this._input instanceof HTMLTextAreaElement) {
      this._input.rows = 4;
    }
    label.append(this._input);
    this.node.append(label);
  }

  watch(onFilled: (filled: boolean) => void): void {
    const tell = () => onFilled(this.getValue() !== '');
    this._input.addEventListener('input', tell);
    this._tell = tell;
  }

  getValue(): string {
    return this._input.value.trim();
  }

  protected override onAfterAttach(): void {
    this._tell();
  }

  private readonly _input: HTMLInputElement | HTMLTextAreaElement;
  private _tell: () => void = () => undefined;
}
