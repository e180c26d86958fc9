import type { Locator, Page } from '@playwright/test';

/** The log of a build, wherever it is shown. */
export class LogView {
  constructor(
    readonly page: Page,
    within: Locator
  ) {
    this.root = within.getByRole('textbox', { name: /^Log of version/ });
    this._within = within;
  }

  /** The lines that are drawn: of a long log only those in sight. */
  readonly root: Locator;

  /** Each line of it. */
  async lines(): Promise<string[]> {
    return (await this.copied()).trimEnd().split('\n');
  }

  /** From its beginning to its end, as with the wheel. */
  async scrollThrough(steps = 60): Promise<void> {
    await this.root.hover();
    await this.page.mouse.wheel(0, -100_000_000);
    for (let step = 0; step < steps; step++) {
      await this.page.mouse.wheel(0, 2_000);
      await this.page.evaluate(() => new Promise(resolve => requestAnimationFrame(resolve)));
    }
  }

  async toEnd(): Promise<void> {
    await this.root.hover();
    await this.page.mouse.wheel(0, 100_000_000);
  }

  async search(text: string): Promise<void> {
    const box = this._within.getByRole('searchbox', { name: 'Search in the log' });
    if (!(await box.isVisible())) {
      await this._within.getByRole('button', { name: /^Search in the log/ }).click();
    }
    await box.fill(text);
    await this.page.keyboard.press('Enter');
  }

  /** All of it, as its Copy button gives it. */
  async copied(): Promise<string> {
    await this.page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await this.page.evaluate(() => navigator.clipboard.writeText(''));
    await this._within.getByRole('button', { name: /^Copy/ }).click();
    await this.page.waitForFunction(async () => (await navigator.clipboard.readText()) !== '');
    return this.page.evaluate(() => navigator.clipboard.readText());
  }

  private readonly _within: Locator;
}
