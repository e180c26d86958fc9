import { galata } from '@jupyterlab/galata';
import type { NotebookPanel } from '@jupyterlab/notebook';
import { expect, type Locator, type Page } from '@playwright/test';

import { KernelPicker } from './kernelPicker';

const STARTED = 60_000;

/** The notebook in front. */
export class Notebook {
  constructor(readonly page: Page) {
    this.root = page.locator('.jp-NotebookPanel').filter({ visible: true });
  }

  readonly root: Locator;

  /** What its toolbar says of its kernel; pressed, it asks for another one. */
  get kernel(): Locator {
    return this.root.locator('.jp-KernelName');
  }

  /** Once its kernel is there and waits. */
  async expectKernel(name: string): Promise<void> {
    await expect(this.kernel).toContainText(name, { timeout: STARTED });
    await expect(this.page.locator('#jp-main-statusbar')).toContainText('| Idle', {
      timeout: STARTED
    });
  }

  /** Open a file that was saved with this kernel. */
  async open(file: string, kernel: { name: string; display_name: string }): Promise<void> {
    const metadata = {
      kernelspec: { ...kernel, language: 'python' },
      language_info: { name: 'python' }
    };
    const cells = [
      { cell_type: 'code', id: 'a', metadata: {}, source: '', outputs: [], execution_count: null }
    ];
    await galata
      .newContentsHelper(this.page.request)
      .uploadContent(
        JSON.stringify({ nbformat: 4, nbformat_minor: 5, metadata, cells }),
        'text',
        file
      );
    await this.page.evaluate(path => {
      void window.jupyterapp.commands.execute('docmanager:open', { path });
    }, file);
    await expect(this.page.getByRole('tab', { name: file })).toBeVisible();
  }

  /** Run code in its last cell, instead of what stands there; what that prints is in the answer. */
  async run(code: string): Promise<Locator> {
    await expect(this.root).toBeVisible();
    await this.page.waitForFunction(
      () => {
        const panel = window.jupyterapp.shell.currentWidget as NotebookPanel | null;
        return panel?.sessionContext?.session?.kernel?.status === 'idle';
      },
      undefined,
      { timeout: STARTED }
    );
    const cell = this.root.locator('.jp-CodeCell').last();
    await cell.locator('.cm-content').click();
    await this.page.keyboard.press('ControlOrMeta+A');
    await this.page.keyboard.insertText(code);
    await this.page.keyboard.press('Control+Enter');
    return cell.locator('.jp-OutputArea-output');
  }

  /** The dialog in which it gets another kernel. */
  async changeKernel(): Promise<KernelPicker> {
    await this.kernel.click();
    const picker = new KernelPicker(this.page);
    await expect(picker.root).toBeVisible();
    return picker;
  }
}
