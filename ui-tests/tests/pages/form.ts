import { expect, type Locator, type Page } from '@playwright/test';

export interface IRequested {
  /** Of a Local environment. */
  name?: string;
  short?: string;
  full?: string;
  description?: string;
  python?: string;
  conda?: readonly string[];
  pip?: readonly string[];
}

/** The form for new, edit and duplicate, whichever is in front. */
export class FormTab {
  constructor(readonly page: Page) {
    this.root = page
      .locator('.jp-DataflowEnvs-tab')
      .filter({ visible: true, has: page.getByLabel('Conda Libraries') });
  }

  readonly root: Locator;

  field(name: string): Locator {
    return this.root.getByLabel(name, { exact: true });
  }

  async fill(requested: IRequested): Promise<void> {
    const { name: local, short, full, description, python, conda, pip } = requested;
    const fields: [string, string | undefined][] = [
      ['Name', local],
      ['Short Name', short],
      ['Full Name', full],
      ['Description', description],
      ['Python Version', python],
      ['Conda Libraries', conda?.join('\n')],
      ['Pip Libraries', pip?.join('\n')]
    ];
    for (const [name, text] of fields) {
      if (text !== undefined) {
        await this.field(name).fill(text);
      }
    }
  }

  async press(button: 'Save' | 'Save and Build' | 'Create' | 'Preview'): Promise<void> {
    const found = this.root.getByRole('button', { name: button, exact: true });
    await expect(found).not.toHaveAttribute('aria-disabled', 'true');
    await found.click();
  }

  /** As when a file is dragged onto the form. */
  async drop(name: string, text: string): Promise<void> {
    const data = await this.page.evaluateHandle(
      ([fileName, content]) => {
        const transfer = new DataTransfer();
        transfer.items.add(new File([content], fileName, { type: 'text/plain' }));
        return transfer;
      },
      [name, text] as const
    );
    for (const event of ['dragenter', 'dragover', 'drop']) {
      await this.field('Conda Libraries').dispatchEvent(event, { dataTransfer: data });
    }
  }

  /** As with Ctrl+V in that box. */
  async paste(field: string, text: string): Promise<void> {
    const box = this.field(field);
    await box.focus();
    const data = await this.page.evaluateHandle(content => {
      const transfer = new DataTransfer();
      transfer.setData('text/plain', content);
      return transfer;
    }, text);
    await box.evaluate(
      (node, clipboardData) =>
        node.dispatchEvent(
          new ClipboardEvent('paste', { bubbles: true, cancelable: true, clipboardData })
        ),
      data
    );
  }
}
