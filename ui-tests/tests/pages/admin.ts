import { expect, type Locator, type Page } from '@playwright/test';

import { ReviewPage } from './review';

export type AdminSection = 'Pending' | 'Published' | 'Policy' | 'Audit';

/** The administrators' tab "Python Environments". */
export class AdminTab {
  constructor(readonly page: Page) {
    this.root = page
      .locator('.jp-DataflowEnvs-tab')
      .filter({ visible: true, has: page.getByRole('tab', { name: 'Policy' }) });
  }

  readonly root: Locator;

  async section(name: AdminSection): Promise<Locator> {
    const tab = this.root.getByRole('tab', { name });
    await tab.click();
    await expect(tab).toHaveAttribute('aria-selected', 'true');
    return this.root.getByRole('tabpanel', { name });
  }

  get review(): ReviewPage {
    return new ReviewPage(this.root);
  }

  /** Look at what was submitted of this environment. */
  async open(shortName: string): Promise<void> {
    const pending = await this.section('Pending');
    await pending
      .getByRole('listitem')
      .filter({ has: this.page.getByText(shortName, { exact: true }) })
      .getByRole('button')
      .first()
      .click();
  }
}
