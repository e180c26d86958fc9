import type { Locator, Page } from '@playwright/test';

/** The dialog that asks for a notebook's kernel. */
export class KernelPicker {
  constructor(page: Page) {
    this.root = page.getByRole('dialog').filter({ has: page.locator('.jp-DataflowEnvs-picker') });
    this.list = this.root.getByRole('combobox');
    this.filter = this.root.getByRole('searchbox', { name: 'Filter kernels' });
  }

  readonly root: Locator;
  readonly list: Locator;
  readonly filter: Locator;

  get groups(): Locator {
    return this.list.locator('optgroup');
  }

  get options(): Locator {
    return this.list.locator('option');
  }

  option(name: string): Locator {
    return this.options.filter({ hasText: name });
  }

  button(name: string): Locator {
    return this.root.getByRole('button', { name, exact: true });
  }

  async choose(name: string): Promise<void> {
    await this.list.selectOption({ label: name });
    await this.button('Select Kernel').click();
  }
}
