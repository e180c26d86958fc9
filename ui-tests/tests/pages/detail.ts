import { expect, type Locator, type Page } from '@playwright/test';

import { LogView } from './log';
import { ReviewPage } from './review';

export type SectionName = 'Libraries' | 'Build log' | 'Versions' | 'Review' | 'Export';

/** The tab of one environment, whichever is in front. */
export class DetailTab {
  constructor(readonly page: Page) {
    this.root = page.locator('.jp-DataflowEnvs-detail').filter({ visible: true });
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
    const menu = this.page.getByRole('menu', { name: 'More actions' });
    return menu.getByRole('menuitem', { name, exact: true });
  }

  tab(name: SectionName): Locator {
    return this.root.getByRole('tab', { name });
  }

  async expectSection(name: SectionName): Promise<void> {
    await expect(this.tab(name)).toHaveAttribute('aria-selected', 'true');
  }

  async section(name: SectionName): Promise<Locator> {
    await this.tab(name).click();
    await this.expectSection(name);
    return this.root.getByRole('tabpanel', { name });
  }

  /** The names of the libraries shown, in order. */
  libraries(): Promise<string[]> {
    return this.root
      .getByRole('table', { name: 'Libraries' })
      .getByRole('rowheader')
      .allTextContents();
  }

  /** The header's list of versions to look at. */
  get version(): Locator {
    return this.root.getByRole('combobox', { name: 'Version', exact: true });
  }

  /** In the section Versions. */
  versionRow(number: number): Locator {
    return this.root
      .getByRole('table', { name: 'Versions' })
      .getByRole('row')
      .filter({ has: this.page.getByRole('button', { name: `v${number}`, exact: true }) });
  }

  async expectStatus(status: string, timeout = 60_000): Promise<void> {
    await expect(this.root.locator('.jp-DataflowEnvs-status').first()).toHaveText(status, {
      timeout
    });
  }
}
