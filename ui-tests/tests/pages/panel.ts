import { expect, type Locator, type Page } from '@playwright/test';

/** The Environments panel in the side bar. */
export class EnvironmentsPanel {
  constructor(readonly page: Page) {
    this.root = page.locator('#jupyter-dataflow-envs');
  }

  readonly root: Locator;

  get filter(): Locator {
    return this.root.getByRole('searchbox');
  }

  get rows(): Locator {
    return this._list('Dataflow Environments');
  }

  /** Those of an administrator's section "Waiting for approval". */
  get waiting(): Locator {
    return this._list('Waiting for approval');
  }

  get locals(): Locator {
    return this._list('Local Environments');
  }

  /** The row of a Local environment. */
  local(name: string): Locator {
    return this.locals.filter({ has: this.page.getByRole('button', { name, exact: true }) });
  }

  /** From its beginning to its end, as with the wheel. */
  async scrollThrough(steps = 40): Promise<void> {
    await this.rows.first().hover();
    for (let step = 0; step < steps; step++) {
      await this.page.mouse.wheel(0, 1_000);
      await this.page.evaluate(() => new Promise(resolve => requestAnimationFrame(resolve)));
    }
  }

  /** The row of one environment in its section. */
  row(shortName: string): Locator {
    return this.rows.filter({ has: this.page.getByText(shortName, { exact: true }) });
  }

  /** What opens its tab: its full name. */
  name(shortName: string): Locator {
    return this.row(shortName).getByRole('button').first();
  }

  /** What can be done with the environment of that name. */
  menu(fullName: string): Locator {
    return this.page.getByRole('menu', { name: fullName, exact: true });
  }

  async newEnvironment(): Promise<void> {
    await this.root.getByRole('button', { name: 'New Environment' }).first().click();
  }

  async open(shortName: string): Promise<void> {
    await this.name(shortName).click();
  }

  async expectStatus(shortName: string, status: string, timeout?: number): Promise<void> {
    await expect(this.row(shortName)).toContainText(status, { timeout });
  }

  private _list(name: string): Locator {
    return this.root.getByRole('list', { name, exact: true }).getByRole('listitem');
  }
}
