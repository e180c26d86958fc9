import { expect, type Locator, type Page } from '@playwright/test';
import { randomUUID } from 'node:crypto';

import { AdminTab } from './admin';
import { DetailTab, type SectionName } from './detail';
import { type FormCommand, FormTab } from './form';
import { KernelPicker } from './kernelPicker';
import { Launcher } from './launcher';
import { LocalTab } from './local';
import { Notebook } from './notebook';
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

  /** @param kept - what JupyterLab is to have written down before, or it is lost; otherwise the tab in front */
  async reload(kept?: string): Promise<void> {
    const wanted =
      kept ?? (await this.page.evaluate(() => window.jupyterapp.shell.currentWidget?.id ?? ''));
    const [, origin, workspace] = /^(.*)\/lab\/workspaces\/([^/?]+)/.exec(this.page.url())!;
    await expect
      .poll(async () => {
        const { request } = this.page;
        const answer = await request.get(`${origin}/lab/api/workspaces/${workspace}`);
        return JSON.stringify(await answer.json());
      })
      .toContain(wanted);
    await this.page.reload();
    await this._started();
  }

  private async _run(command: string, args: Record<string, unknown> = {}): Promise<void> {
    await this.page.evaluate(
      ([id, given]) => {
        // Not waited for: some end with the dialog that they open.
        void window.jupyterapp.commands.execute(id, given as never);
      },
      [command, args] as const
    );
  }

  private async _started(): Promise<void> {
    await this.page.waitForFunction(() => Boolean(window.jupyterapp));
    await this.page.evaluate(() => window.jupyterapp.restored);
    // The tab in front takes the focus once more.
    await this.page.waitForFunction(() => window.jupyterapp.shell.currentWidget !== null);
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

  /** Open that tab, as panel, palette and menus do. */
  async openDetail(shortName: string, section?: SectionName): Promise<DetailTab> {
    const { detail } = this;
    await this._run('dataflow-envs:open', {
      shortName,
      section: section?.replace('Build log', 'log').toLowerCase()
    });
    await expect(detail.heading).toBeVisible();
    return detail;
  }

  /** The tab of a Local environment that is being looked at. */
  get local(): LocalTab {
    return new LocalTab(this.page);
  }

  get form(): FormTab {
    return new FormTab(this.page);
  }

  /** Open the form by one of the commands behind buttons and menus. */
  async openForm(command: FormCommand, shortName?: string): Promise<FormTab> {
    const { form } = this;
    await this._run(`dataflow-envs:${command}`, { shortName });
    await expect(form.button('Save')).toBeVisible();
    if (command !== 'use-as-base') {
      // What is proposed comes a moment later.
      await expect(form.field('Python Version')).not.toHaveValue('');
    }
    return form;
  }

  get admin(): AdminTab {
    return new AdminTab(this.page);
  }

  /** Open that tab from the main menu. */
  async openAdmin(): Promise<AdminTab> {
    const { admin } = this;
    await this.menu('Admin', 'Python Environments');
    await expect(admin.root.getByRole('tablist')).toBeVisible();
    return admin;
  }

  get notebook(): Notebook {
    return new Notebook(this.page);
  }

  get picker(): KernelPicker {
    return new KernelPicker(this.page);
  }

  get dialog(): Locator {
    return this.page.getByRole('dialog').filter({ visible: true }).last();
  }

  /** What a tab of the main area is chosen by. */
  tab(name: string | RegExp): Locator {
    return this.page.getByRole('main').getByRole('tab', { name });
  }

  /** Close the tab in front, as its cross does; it may ask first. */
  async closeTab(): Promise<void> {
    await this._run('application:close');
  }

  /** From now on close what JupyterLab says of a lost server, which would cover the page. */
  async dismissDialogs(): Promise<void> {
    await this.page.addLocatorHandler(this.page.locator('.jp-Dialog'), dialog =>
      dialog.getByRole('button').first().click()
    );
  }

  get statusBar(): Locator {
    return this.page.locator('#jp-main-statusbar');
  }

  /** Put away what lies over the corner of the page. */
  async hideToasts(): Promise<void> {
    const hide = this.page.locator('.Toastify__toast').getByRole('button', { name: /Hide|Close/ });
    await expect(async () => {
      for (const button of await hide.all()) {
        // One that tells of progress never stands still long enough to be clicked.
        await button.dispatchEvent('click', {}, { timeout: 500 });
      }
      await expect(hide).toHaveCount(0, { timeout: 500 });
    }).toPass();
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
    // It is shown while a theme is loaded.
    await expect(this.page.locator('#jupyterlab-splash')).toHaveCount(0);
  }

  async closeSideBar(): Promise<void> {
    await this._run('application:toggle-left-area');
    await expect(this.page.locator('#jp-left-stack')).toBeHidden();
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

  /** The launcher; a new one when none is in front. */
  async launcher(): Promise<Launcher> {
    const launcher = new Launcher(this.page);
    if (!(await launcher.root.isVisible())) {
      await this._run('launcher:create');
    }
    await expect(launcher.root).toBeVisible();
    return launcher;
  }

  /** The names of our code that the browser has fetched, such as `panel`. */
  async fetched(): Promise<string[]> {
    const addresses = await this.page.evaluate(() =>
      performance.getEntriesByType('resource').map(({ name }) => name)
    );
    return addresses.flatMap(
      address => /jupyter_dataflow_envs\/static\/(\w+)\./.exec(address)?.[1] ?? []
    );
  }
}
