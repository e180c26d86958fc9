import type { Locator, Page } from '@playwright/test';

/** JupyterLab's dialog that asks for a notebook's kernel. */
export class KernelPicker {
  constructor(page: Page) {
    this.root = page.getByRole('dialog').filter({ hasText: 'Select Kernel' });
    this._list = this.root.getByRole('combobox');
  }

  readonly root: Locator;

  option(name: string): Locator {
    return this._list.locator('option').filter({ hasText: name });
  }

  /** The headings of the list, in order. */
  groups(): Promise<string[]> {
    return this._list
      .locator('optgroup')
      .evaluateAll(groups => groups.map(group => (group as HTMLOptGroupElement).label));
  }

  async choose(name: string): Promise<void> {
    await this._list.selectOption({ label: name });
    await this.root.getByRole('button', { name: 'Select' }).click();
  }

  private readonly _list: Locator;
}
