import { expect, type Locator, type Page } from '@playwright/test';

/** The tab of one Local environment, whichever is in front. */
export class LocalTab {
  constructor(readonly page: Page) {
    this.root = page
      .locator('.jp-DataflowEnvs-tab')
      .filter({ visible: true, has: page.getByRole('tab', { name: 'Packages' }) });
  }

  readonly root: Locator;

  get heading(): Locator {
    return this.root.getByRole('heading', { level: 1 });
  }

  get header(): Locator {
    return this.root.locator('.jp-DataflowEnvs-detailHeader');
  }

  get log(): Locator {
    return this.root.getByRole('textbox', { name: 'Log', exact: true });
  }

  action(name: string): Locator {
    return this.root
      .getByRole('group', { name: 'Actions' })
      .getByRole('button', { name, exact: true });
  }

  /** In the menu of all others, which is opened. */
  async furtherAction(name: string): Promise<Locator> {
    await this.action('More actions').click();
    return this.page.getByRole('menu').getByRole('menuitem', { name });
  }

  async section(name: 'Packages' | 'Drift' | 'Log'): Promise<Locator> {
    const tab = this.root.getByRole('tab', { name });
    await tab.click();
    await expect(tab).toHaveAttribute('aria-selected', 'true');
    return this.root.getByRole('tabpanel', { name });
  }

  package(section: Locator, name: string): Locator {
    return section.getByRole('row').filter({ has: this.page.getByRole('rowheader', { name }) });
  }

  /** What was being done is done, and its kernel is there. */
  async expectActive(timeout = 90_000): Promise<void> {
    await expect(this.header.getByText('Active', { exact: true })).toBeVisible({ timeout });
    await expect(this.header.locator('.jp-DataflowEnvs-status')).toHaveCount(0);
  }
}
