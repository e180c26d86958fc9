import AxeBuilder from '@axe-core/playwright';
import { expect, test } from '@jupyterlab/galata';
import type { Locator, Page } from '@playwright/test';
import * as path from 'node:path';

export type Section = 'Pending' | 'Published' | 'Policy' | 'Audit';

const IMAGES = path.resolve(__dirname, '../../docs/images');
const DOCUMENTED = /^admin-(pending|review|published|policy|audit)-(light|dark)\.png$/;

/** The administrators' tab, as somebody uses it. */
export class Administration {
  constructor(readonly page: Page) {
    this.root = page.locator('.jp-DataflowEnvs-admin');
  }

  readonly root: Locator;

  /** From the main menu. */
  async open(): Promise<void> {
    await this.page.getByRole('menubar').getByRole('menuitem', { name: 'Admin' }).click();
    await this.page.getByRole('menuitem', { name: 'Python Environments', exact: true }).click();
    await expect(this.root.getByRole('tablist')).toBeVisible();
  }

  /** As by F5; the tab comes back. */
  async reload(): Promise<void> {
    const loaded = this.page.waitForEvent('load');
    await this.page.evaluate(() => window.location.reload());
    await loaded;
    await expect(this.root.getByRole('tablist')).toBeVisible({ timeout: 30_000 });
  }

  async section(name: Section): Promise<Locator> {
    const tab = this.root.getByRole('tab', { name });
    await tab.click();
    await expect(tab).toHaveAttribute('aria-selected', 'true');
    return this.root.getByRole('tabpanel', { name });
  }

  pending(shortName: string): Locator {
    return this.root
      .getByRole('list', { name: 'Waiting for approval' })
      .getByRole('listitem')
      .filter({ has: this.page.getByText(shortName, { exact: true }) });
  }

  async review(shortName: string): Promise<void> {
    await this.pending(shortName).getByRole('button').click();
    await expect(this.button('Approve')).toBeVisible();
  }

  button(name: string): Locator {
    return this.root.getByRole('button', { name, exact: true });
  }

  get comment(): Locator {
    return this.root.getByRole('textbox', { name: 'Comment' });
  }

  /** The published environment's part of the table. */
  published(shortName: string): Locator {
    return this.root
      .getByRole('table', { name: 'Published environments' })
      .locator('tbody')
      .filter({ has: this.page.getByText(shortName, { exact: true }) });
  }

  async theme(name: 'Light' | 'Dark' | 'Dark High Contrast'): Promise<void> {
    const theme = `JupyterLab ${name}`;
    await this.page.evaluate(
      wanted => window.jupyterapp.commands.execute('apputils:change-theme', { theme: wanted }),
      theme
    );
    await expect(this.page.locator('body')).toHaveAttribute('data-jp-theme-name', theme);
  }

  /** axe finds nothing in all themes; pictures of light and dark. */
  async look(name: string): Promise<void> {
    for (const theme of ['Dark High Contrast', 'Dark', 'Light'] as const) {
      await this.theme(theme);
      const { violations } = await new AxeBuilder({ page: this.page })
        .include('.jp-DataflowEnvs-admin')
        .analyze();
      expect(
        violations.map(({ id, nodes }) => ({ id, nodes: nodes.map(node => node.failureSummary) })),
        `${name} in ${theme}`
      ).toEqual([]);
      const file = `admin-${name}-${theme.toLowerCase().replaceAll(' ', '-')}.png`;
      const documented = process.env.UPDATE_IMAGES && DOCUMENTED.test(file);
      await this.page.mouse.move(0, 0);
      await this.page.screenshot({
        path: documented ? path.join(IMAGES, file) : test.info().outputPath(file)
      });
    }
  }

  /** Nothing is wider than the tab, however wide that is. */
  async fits(): Promise<void> {
    const panel = this.root.getByRole('tabpanel');
    await expect
      .poll(() => panel.evaluate(node => node.scrollWidth - node.clientWidth))
      .toBeLessThanOrEqual(0);
  }
}
