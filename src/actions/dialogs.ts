import { Dialog } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { Widget } from '@lumino/widgets';

import { plain } from '../ui/plain';

/** Ask whether to go on. */
export async function confirm(options: {
  title: string;
  text: readonly string[];
  accept: string;
  danger?: boolean;
  trans: TranslationBundle;
}): Promise<boolean> {
  const { title, text, accept, danger, trans } = options;
  const button = danger ? Dialog.warnButton({ label: accept }) : Dialog.okButton({ label: accept });
  const result = await new Dialog({
    title,
    body: new SentencesBody(text),
    buttons: [Dialog.cancelButton({ label: trans.__('Cancel') }), button],
    defaultButton: danger ? 0 : 1
  }).launch();
  return result.button.accept;
}

/** Tell something that needs no answer; resolves when it is closed. */
export async function tell(options: {
  title: string;
  text: readonly string[];
  trans: TranslationBundle;
}): Promise<void> {
  const { title, text, trans } = options;
  await new Dialog({
    title,
    body: new SentencesBody(text),
    buttons: [Dialog.okButton({ label: trans.__('Close') })]
  }).launch();
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
  const { title, accept, danger, required = false, trans } = options;
  const body = new TextBody(options);
  const button = danger ? Dialog.warnButton({ label: accept }) : Dialog.okButton({ label: accept });
  const result = await new TextDialog(body, required, {
    title,
    body,
    buttons: [Dialog.cancelButton({ label: trans.__('Cancel') }), button],
    focusNodeSelector: '.jp-DataflowEnvs-dialogText'
  }).launch();
  return result.button.accept ? (result.value ?? '') : null;
}

class SentencesBody extends Widget {
  constructor(text: readonly string[]) {
    super();
    this.addClass('jp-DataflowEnvs-dialog');
    for (const sentence of text) {
      const paragraph = document.createElement('p');
      paragraph.textContent = plain(sentence);
      this.node.append(paragraph);
    }
  }
}

class TextBody extends SentencesBody implements Dialog.IBodyWidget<string> {
  constructor(options: {
    text: readonly string[];
    label: string;
    oneLine?: boolean;
    required?: boolean;
  }) {
    super(options.text);
    const label = document.createElement('label');
    label.textContent = options.label;
    this.input = document.createElement(options.oneLine ? 'input' : 'textarea');
    this.input.className = 'jp-DataflowEnvs-dialogText jp-mod-styled';
    this.input.required = options.required ?? false;
    if (this.input instanceof HTMLTextAreaElement) {
      this.input.rows = 4;
    }
    label.append(this.input);
    this.node.append(label);
  }

  readonly input: HTMLInputElement | HTMLTextAreaElement;

  getValue(): string {
    return this.input.value.trim();
  }
}

/** Accepts nothing while a text is missing, and leaves Enter to boxes of several lines: Ctrl Enter accepts there. */
class TextDialog extends Dialog<string> {
  constructor(
    private readonly _text: TextBody,
    private readonly _required: boolean,
    options: Partial<Dialog.IOptions<string>>
  ) {
    super(options);
    _text.input.addEventListener('input', () => this._check());
  }

  override handleEvent(event: Event): void {
    const enters =
      event instanceof KeyboardEvent && event.type === 'keydown' && event.key === 'Enter';
    if (!enters || event.target !== this._text.input) {
      super.handleEvent(event);
      return;
    }
    const severalLines = this._text.input instanceof HTMLTextAreaElement;
    if (severalLines && !event.ctrlKey && !event.metaKey) {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
    if (this._isComplete) {
      this.resolve();
    }
  }

  protected override onAfterAttach(message: Parameters<Dialog<string>['onAfterAttach']>[0]): void {
    super.onAfterAttach(message);
    this._check();
  }

  private get _isComplete(): boolean {
    return !this._required || this._text.getValue() !== '';
  }

  private _check(): void {
    this.node
      .querySelector('.jp-Dialog-button.jp-mod-accept')
      ?.toggleAttribute('disabled', !this._isComplete);
  }
}
