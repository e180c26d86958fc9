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

/** What opens the form. */
export type FormCommand = 'new' | 'edit' | 'duplicate' | 'use-as-base' | 'import';

/** The form for new, edit and duplicate, whichever is in front. */
export class FormTab {
  constructor(readonly page: Page) {
    this.root = page.locator('.jp-DataflowEnvs-formView').filter({ visible: true });
  }

  readonly root: Locator;

  field(name: string): Locator {
    return this.root.getByLabel(name, { exact: true });
  }

  /** What is wrong with a field, as it stands below it. */
  problem(name: string): Locator {
    return this.root
      .locator('.jp-DataflowEnvs-field')
      .filter({ has: this.page.getByText(name, { exact: true }) })
      .locator('.jp-DataflowEnvs-fieldProblem');
  }

  get problems(): Locator {
    return this.root.locator('.jp-DataflowEnvs-fieldProblem');
  }

  button(name: string): Locator {
    return this.root.getByRole('button', { name, exact: true });
  }

  /** Why it was not saved, or what somebody else has changed. */
  get alert(): Locator {
    return this.root.getByRole('alert');
  }

  /** The lines of a library box. */
  async lines(name: string): Promise<string[]> {
    // What nobody sees is not drawn.
    await this.field(name).scrollIntoViewIfNeeded();
    return this.field(name).locator('.cm-line').allTextContents();
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
    const found = this.button(button);
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
