import { expect, type Locator, type Page } from '@playwright/test';

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

  button(name: string): Locator {
    return this.root.getByRole('button', { name, exact: true }).first();
  }

  /** Decide on the review that is looked at. */
  async decide(decision: 'Approve' | 'Reject', comment = ''): Promise<void> {
    if (comment) {
      await this.root.getByRole('textbox', { name: 'Comment' }).fill(comment);
    }
    await this.button(decision).click();
  }

  /** Look at what was submitted of this environment. */
  async review(shortName: string): Promise<void> {
    const pending = await this.section('Pending');
    await pending
      .getByRole('listitem')
      .filter({ has: this.page.getByText(shortName, { exact: true }) })
      .getByRole('button')
      .first()
      .click();
  }
}
