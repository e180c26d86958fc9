import { expect, type Locator, type Page } from '@playwright/test';
import type { NotebookPanel } from '@jupyterlab/notebook';
import { randomUUID } from 'node:crypto';

import { AdminTab } from './admin';
import { DetailTab } from './detail';
import { FormTab } from './form';
import { KernelPicker } from './kernelPicker';
import { LocalTab } from './local';
import { EnvironmentsPanel } from './panel';

export type Theme = 'Light' | 'Dark' | 'Dark High Contrast';
export const THEMES: readonly Theme[] = ['Light', 'Dark', 'Dark High Contrast'];

/** JupyterLab as one person has it before them: a page, with nothing of it replaced. */
export class Lab {
  private constructor(readonly page: Page) {}

  /** @param url - of the server; relative to the test's own when it is left out */
  static async open(page: Page, url = '', workspace = `w-${randomUUID()}`): Promise<Lab> {
    // A workspace of its own, so that no test finds the tabs of another.
    await page.goto(`${url}/lab/workspaces/${workspace}`);
    return Lab.of(page);
  }

  /** The one that this page shows. */
  static async of(page: Page): Promise<Lab> {
    const lab = new Lab(page);
    await lab._started();
    return lab;
  }

  /** Once JupyterLab has written down which tabs there are. */
  async reload(): Promise<void> {
    const tab = await this.page.evaluate(() => window.jupyterapp.shell.currentWidget?.id ?? '');
    const workspace = this.page.url().replace('/lab/workspaces/', '/lab/api/workspaces/');
    await expect
      .poll(async () => (await this.page.request.get(workspace)).text(), { timeout: 15_000 })
      .toContain(tab);
    await this.page.reload();
    await this._started();
  }

  private async _started(): Promise<void> {
    await this.page.waitForFunction(() => Boolean(window.jupyterapp));
    await this.page.evaluate(() => window.jupyterapp.restored);
    await expect(this.page.locator('#jupyterlab-splash')).toHaveCount(0);
  }

  /** The side bar's panel, opened when it is not. */
  async panel(): Promise<EnvironmentsPanel> {
    const panel = new EnvironmentsPanel(this.page);
    if (!(await panel.root.isVisible())) {
      await this.page.getByRole('tab', { name: 'Environments', exact: true }).click();
    }
    await expect(panel.root).toBeVisible();
    return panel;
  }

  /** The tab of an environment that is being looked at. */
  get detail(): DetailTab {
    return new DetailTab(this.page);
  }

  /** The tab of a Local environment that is being looked at. */
  get local(): LocalTab {
    return new LocalTab(this.page);
  }

  get form(): FormTab {
    return new FormTab(this.page);
  }

  get admin(): AdminTab {
    return new AdminTab(this.page);
  }

  get dialog(): Locator {
    return this.page.getByRole('dialog').filter({ visible: true }).last();
  }

  get statusBar(): Locator {
    return this.page.locator('#jp-main-statusbar');
  }

  /** Put away what lies over the corner of the page. */
  async hideToasts(): Promise<void> {
    const hide = this.page.locator('.Toastify__toast').getByRole('button', { name: /Hide|Close/ });
    while ((await hide.count()) > 0) {
      const count = await hide.count();
      await hide.first().click();
      await expect.poll(() => hide.count()).toBeLessThan(count);
    }
  }

  toast(text: string | RegExp): Locator {
    return this.page.locator('.Toastify__toast').filter({ hasText: text });
  }

  /** Run a command from the palette, by its name. */
  async command(name: string): Promise<void> {
    await this._findCommand(name);
    await this.page.keyboard.press('Enter');
  }

  private async _findCommand(name: string): Promise<void> {
    const { keyboard } = this.page;
    // JupyterLab binds its shortcuts, and gives its tabs the focus, some time after it says that it is there.
    await expect(async () => {
      await keyboard.press('Escape');
      await keyboard.press('Control+Shift+C');
      await expect(this.page.locator('.lm-CommandPalette-input')).toBeFocused({ timeout: 500 });
      await keyboard.type(name);
      const found = this.page.locator('.lm-CommandPalette-item.lm-mod-active');
      await expect(found).toContainText(name, { timeout: 500 });
    }).toPass({ timeout: 15_000 });
  }

  /** Press Tab until this has the focus, as somebody without a mouse does. */
  async tabTo(target: Locator, key: 'Tab' | 'Shift+Tab' = 'Tab', most = 60): Promise<void> {
    for (let presses = 0; presses < most; presses++) {
      await this.page.keyboard.press(key);
      if (await target.evaluate(node => node === document.activeElement)) {
        return;
      }
    }
    await expect(target, `not reached by ${key}`).toBeFocused({ timeout: 0 });
  }

  /** The dialog in which a notebook gets another kernel. */
  async kernelPicker(): Promise<KernelPicker> {
    await this.page.evaluate(() => {
      // Not waited for: it ends with the dialog.
      void window.jupyterapp.commands.execute('notebook:change-kernel');
    });
    const picker = new KernelPicker(this.page);
    await expect(picker.root).toBeVisible();
    return picker;
  }

  async menu(...names: string[]): Promise<void> {
    const [first, ...rest] = names;
    await this.page.getByRole('menubar').getByRole('menuitem', { name: first }).click();
    for (const name of rest) {
      await this.page.getByRole('menuitem', { name, exact: true }).click();
    }
  }

  async theme(theme: Theme): Promise<void> {
    const name = `JupyterLab ${theme}`;
    await this.page.evaluate(async wanted => {
      await window.jupyterapp.commands.execute('apputils:change-theme', { theme: wanted });
    }, name);
    await expect(this.page.locator('body')).toHaveAttribute('data-jp-theme-name', name);
  }

  /** Make the side bar so many pixels wide, as by dragging its edge. */
  async setSideBar(width: number): Promise<void> {
    const stack = this.page.locator('#jp-left-stack');
    const handle = this.page.locator('#jp-main-split-panel > .lm-SplitPanel-handle').first();
    const box = (await handle.boundingBox())!;
    const present = (await stack.boundingBox())!.width;
    await this.page.mouse.move(box.x + box.width / 2, box.y + 300);
    await this.page.mouse.down();
    await this.page.mouse.move(box.x + box.width / 2 + width - present, box.y + 300, { steps: 4 });
    await this.page.mouse.up();
    await expect
      .poll(async () => Math.abs((await stack.boundingBox())!.width - width))
      .toBeLessThan(3);
  }

  async launcher(): Promise<Locator> {
    const launcher = this.page.locator('.jp-Launcher').filter({ visible: true });
    if ((await launcher.count()) === 0) {
      await this.page.evaluate(async () => {
        await window.jupyterapp.commands.execute('launcher:create');
      });
    }
    await expect(launcher.first()).toBeVisible();
    return launcher.first();
  }

  /** What starts a notebook with this environment. */
  async launcherCard(name: string, section = 'Dataflow Environments'): Promise<Locator> {
    const launcher = await this.launcher();
    return launcher
      .locator('.jp-Launcher-section')
      .filter({ has: this.page.getByRole('heading', { name: section }) })
      .locator('.jp-LauncherCard')
      .filter({ hasText: name });
  }

  /** Run code in the selected cell of the notebook before one; what it prints is in the answer. */
  async run(code: string): Promise<Locator> {
    const notebook = this.page.locator('.jp-Notebook').filter({ visible: true });
    await expect(notebook).toBeVisible();
    await this.page.waitForFunction(() => {
      const panel = window.jupyterapp.shell.currentWidget as NotebookPanel | null;
      return panel?.sessionContext?.session?.kernel?.status === 'idle';
    });
    const cell = notebook.locator('.jp-CodeCell').last();
    await cell.locator('.cm-content').click();
    await this.page.keyboard.insertText(code);
    await this.page.keyboard.press('Control+Enter');
    return cell.locator('.jp-OutputArea-output');
  }
}
