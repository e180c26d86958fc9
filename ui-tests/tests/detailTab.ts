import AxeBuilder from '@axe-core/playwright';
import { expect, type IJupyterLabPageFixture, test } from '@jupyterlab/galata';
import type { Locator } from '@playwright/test';
import * as path from 'node:path';

import type { Theme } from './panel';

const IMAGES = path.resolve(__dirname, '../../docs/images');
const DOCUMENTED = /^detail-(libraries|versions|building|failed|export)-(light|dark)\.png$/;

type Section = 'Libraries' | 'Build log' | 'Versions' | 'Review' | 'Export';

/** The tab of one environment. */
export class DetailTab {
  constructor(
    readonly page: IJupyterLabPageFixture,
    readonly root: Locator
  ) {}

  /** Open it as panel, palette and menus do. */
  static async open(
    page: IJupyterLabPageFixture,
    shortName: string,
    more: { version?: number; section?: string } = {}
  ): Promise<DetailTab> {
    await page.evaluate(args => window.jupyterapp.commands.execute('dataflow-envs:open', args), {
      shortName,
      ...more
    });
    return DetailTab.shown(page);
  }

  /** As the browser does it: galata's own way waits for the launcher to be in front. */
  async reload(): Promise<DetailTab> {
    const loaded = this.page.waitForEvent('load');
    await this.page.evaluate(() => window.location.reload());
    await loaded;
    return DetailTab.shown(this.page);
  }

  private static async shown(page: IJupyterLabPageFixture): Promise<DetailTab> {
    const root = page.locator('.jp-DataflowEnvs-detail:visible');
    await expect(root).toBeVisible({ timeout: 30_000 });
    return new DetailTab(page, root);
  }

  get versionSelect(): Locator {
    return this.root.getByRole('combobox', { name: 'Version', exact: true });
  }

  button(name: string): Locator {
    return this.root
      .getByRole('group', { name: 'Actions' })
      .getByRole('button', { name, exact: true });
  }

  async show(section: Section): Promise<Locator> {
    await this.root.getByRole('tab', { name: section }).click();
    return this.root.getByRole('tabpanel', { name: section });
  }

  /** The entry of the menu with everything that is not a button. */
  async menuItem(name: string): Promise<Locator> {
    await this.button('More actions').click();
    const menu = this.page.getByRole('menu', { name: 'More actions' });
    return menu.getByRole('menuitem', { name, exact: true });
  }

  /** The cells of the library table's first column, in order. */
  async libraries(): Promise<string[]> {
    return this.root
      .getByRole('table', { name: 'Libraries' })
      .getByRole('rowheader')
      .allTextContents();
  }

  versionRow(number: number): Locator {
    return this.root
      .getByRole('table', { name: 'Versions' })
      .getByRole('row')
      .filter({ has: this.page.getByRole('button', { name: `v${number}`, exact: true }) });
  }

  /** Among the test's results; with UPDATE_IMAGES set, those that the documentation shows go there. */
  async picture(name: string, theme: Theme): Promise<void> {
    const file = `detail-${name}-${theme.toLowerCase().replaceAll(' ', '-')}.png`;
    const documented = process.env.UPDATE_IMAGES && DOCUMENTED.test(file);
    await this.page.mouse.move(0, 0);
    // A theme shows the splash while it is loaded.
    await expect(this.page.locator('#jupyterlab-splash')).toHaveCount(0);
    await this.page.screenshot({
      path: documented ? path.join(IMAGES, file) : test.info().outputPath(file)
    });
  }

  /** Wait until the layout that a reload restores holds all of these. */
  async saved(parts: readonly string[]): Promise<void> {
    const layout = () =>
      this.page.evaluate(async () => {
        const response = await fetch('/lab/api/workspaces/default');
        return response.text();
      });
    for (const part of parts) {
      await expect.poll(layout).toContain(part);
    }
  }

  async expectNoViolations(): Promise<void> {
    await expect(this.page.locator('#jupyterlab-splash')).toHaveCount(0);
    const { violations } = await new AxeBuilder({ page: this.page })
      .include('.jp-DataflowEnvs-detail')
      .analyze();
    expect
      .soft(
        violations.map(({ id, nodes }) => ({ id, nodes: nodes.map(node => node.failureSummary) }))
      )
      .toEqual([]);
  }

  /** Nothing sticks out to the side. */
  async expectFits(): Promise<void> {
    const [inner, outer] = await this.root.evaluate(node => [node.scrollWidth, node.clientWidth]);
    expect.soft(inner).toBeLessThanOrEqual(outer);
  }
}
