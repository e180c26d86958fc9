import { expect, type Locator, type Page } from '@playwright/test';
import * as fs from 'node:fs/promises';

/** The log of a build, wherever it is shown. */
export class LogView {
  constructor(
    readonly page: Page,
    within: Locator
  ) {
    this.root = within.getByRole('region', { name: 'Build log', exact: true });
    this.text = this.root.getByRole('textbox', { name: /^Log of version/ });
    this._searchBox = this.root.getByRole('searchbox', { name: 'Search in the log' });
  }

  /** With its toolbar, notes and search. */
  readonly root: Locator;

  /** The lines that are drawn: of a long log only those in sight. */
  readonly text: Locator;

  private readonly _searchBox: Locator;

  button(name: string | RegExp): Locator {
    return this.root.getByRole('button', { name });
  }

  /** How far the text is scrolled, and could be, in pixels. */
  scrolled(): Promise<{ top: number; end: number }> {
    return this._scroller.evaluate(node => ({
      top: node.scrollTop,
      end: node.scrollHeight - node.clientHeight
    }));
  }

  /** From its beginning to its end, as with the wheel. */
  async scrollThrough(steps = 60): Promise<void> {
    await this.text.hover();
    await this.page.mouse.wheel(0, -100_000_000);
    for (let step = 0; step < steps; step++) {
      await this.page.mouse.wheel(0, 2_000);
      await this.page.evaluate(() => new Promise(resolve => requestAnimationFrame(resolve)));
    }
  }

  async toEnd(): Promise<void> {
    await this.text.hover();
    await this.page.mouse.wheel(0, 100_000_000);
  }

  async search(text: string): Promise<void> {
    if (!(await this._searchBox.isVisible())) {
      await this.button(/^Search in the log/).click();
    }
    await this._searchBox.fill(text);
    await this.page.keyboard.press('Enter');
  }

  /** What its Copy button copies: the selection, or all of it. */
  async copied(): Promise<string> {
    await this.page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await this.page.evaluate(() => navigator.clipboard.writeText(''));
    await this.button('Copy the selection, or all of the log').click();
    await this.page.waitForFunction(async () => (await navigator.clipboard.readText()) !== '');
    return this.page.evaluate(() => navigator.clipboard.readText());
  }

  async downloaded(): Promise<string> {
    const [download] = await Promise.all([
      this.page.waitForEvent('download'),
      this.button('Download the log').click()
    ]);
    return fs.readFile(await download.path(), 'utf8');
  }

  /** It is drawn and downloaded as the server has it; the text is short enough to be drawn as a whole. */
  async expectWhole(expected: string): Promise<void> {
    await expect
      .poll(async () => (await this.text.locator('.cm-line').allTextContents()).join('\n'))
      // What its last line break ends is a line; there is none behind it.
      .toBe(expected.replace(/\n$/, ''));
    expect(await this.downloaded()).toBe(expected);
  }

  private get _scroller(): Locator {
    return this.root.locator('.cm-scroller');
  }
}
