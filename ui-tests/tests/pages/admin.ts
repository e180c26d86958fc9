import { expect, type Locator, type Page } from '@playwright/test';

import { ReviewPage } from './review';

export type AdminSection = 'Pending' | 'Published' | 'Policy' | 'Audit';

/** The administrators' tab "Python Environments". */
export class AdminTab {
  constructor(readonly page: Page) {
    this.root = page.locator('.jp-DataflowEnvs-admin').filter({ visible: true });
  }

  readonly root: Locator;

  async section(name: AdminSection): Promise<Locator> {
    const tab = this.root.getByRole('tab', { name });
    await tab.click();
    await expect(tab).toHaveAttribute('aria-selected', 'true');
    return this.root.getByRole('tabpanel', { name });
  }

  button(name: string): Locator {
    return this.root.getByRole('button', { name, exact: true });
  }

  /** What was submitted of this environment, in the list of what waits. */
  pending(shortName: string): Locator {
    return this.root
      .getByRole('list', { name: 'Waiting for approval' })
      .getByRole('listitem')
      .filter({ has: this.page.getByText(shortName, { exact: true }) });
  }

  /** The published environment's part of the table. */
  published(shortName: string): Locator {
    return this.root
      .getByRole('table', { name: 'Published environments' })
      .locator('tbody')
      .filter({ has: this.page.getByText(shortName, { exact: true }) });
  }

  /** Look at what was submitted of this environment. */
  async open(shortName: string): Promise<void> {
    await this.section('Pending');
    await this.pending(shortName).getByRole('button').first().click();
    await expect(this.review.decision).toBeVisible();
  }

  get review(): ReviewPage {
    return new ReviewPage(this.root);
  }
}
