import { expect, type Locator, type Page } from '@playwright/test';

import { LogView } from './log';
import { ReviewPage } from './review';

export type SectionName = 'Libraries' | 'Build log' | 'Versions' | 'Review' | 'Export';

/** The tab of one environment, whichever is in front. */
export class DetailTab {
  constructor(readonly page: Page) {
    this.root = page
      .locator('.jp-DataflowEnvs-tab')
      .filter({ visible: true, has: page.getByRole('tab', { name: 'Libraries' }) });
  }

  readonly root: Locator;

  get heading(): Locator {
    return this.root.getByRole('heading', { level: 1 });
  }

  /** What stands above the sections: names, facts, notes and actions. */
  get header(): Locator {
    return this.root.locator('.jp-DataflowEnvs-detailHeader');
  }

  get log(): LogView {
    return new LogView(this.page, this.root);
  }

  get review(): ReviewPage {
    return new ReviewPage(this.root);
  }

  /** The button of an action that is offered as one of the next steps. */
  action(name: string): Locator {
    return this.root
      .getByRole('group', { name: 'Actions' })
      .getByRole('button', { name, exact: true });
  }

  /** The same in the menu of all others, which is opened. */
  async furtherAction(name: string): Promise<Locator> {
    await this.action('More actions').click();
    const menu = this.root.page().getByRole('menu', { name: 'More actions' });
    return menu.getByRole('menuitem', { name, exact: true });
  }

  async section(name: SectionName): Promise<Locator> {
    const tab = this.root.getByRole('tab', { name });
    await tab.click();
    await expect(tab).toHaveAttribute('aria-selected', 'true');
    return this.root.getByRole('tabpanel', { name });
  }

  /** Look at another version, as the header's list offers them. */
  async showVersion(version: number): Promise<void> {
    const list = this.root.getByRole('combobox', { name: 'Version', exact: true });
    const option = list.locator('option').filter({ hasText: new RegExp(`^v${version}\\b`) });
    await list.selectOption(await option.getAttribute('value'));
  }

  async expectStatus(status: string, timeout = 60_000): Promise<void> {
    await expect(this.root.locator('.jp-DataflowEnvs-status').first()).toHaveText(status, {
      timeout
    });
  }
}
