import AxeBuilder from '@axe-core/playwright';
import { expect, type IJupyterLabPageFixture, test } from '@jupyterlab/galata';
import type { APIRequestContext, Locator, Page } from '@playwright/test';
import * as path from 'node:path';

import { Deployment } from './deployment';
import { setTheme } from './panel';

const IMAGES = path.resolve(__dirname, '../../docs/images');

export interface IRunning {
  kernel_id: string;
  short_name: string;
  version: number;
}

/** What people do at a terminal with kernels. */
export class Kernels {
  constructor(private readonly _request: APIRequestContext) {}

  /** Built, whatever has become of it. */
  async built(deployment: Deployment, shortName: string, status = 'Draft'): Promise<void> {
    await deployment.build(shortName);
    await expect.poll(() => deployment.status(shortName), { timeout: 90_000 }).toBe(status);
  }

  async activate(shortName: string): Promise<void> {
    await this._post(`environments/${shortName}/activate`);
  }

  async deactivate(shortName: string): Promise<void> {
    await this._post(`environments/${shortName}/deactivate`);
  }

  async add(shortName: string, conda: string[]): Promise<void> {
    const answer = await this._request.patch(`dataflow-envs/environments/${shortName}`, {
      data: { conda_requirements: conda }
    });
    expect(answer.status(), await answer.text()).toBe(200);
  }

  async running(): Promise<IRunning[]> {
    const answer = await this._request.get('dataflow-envs/kernels');
    return ((await answer.json()) as { items: IRunning[] }).items;
  }

  private async _post(route: string): Promise<void> {
    const answer = await this._request.post(`dataflow-envs/${route}`, { data: {} });
    expect(answer.ok(), await answer.text()).toBe(true);
  }
}

/** The launcher's card in one of its categories. */
export function card(page: Page, category: string, name: string): Locator {
  return page
    .locator('.jp-Launcher-section')
    .filter({ has: page.getByRole('heading', { name: category, exact: true }) })
    .locator('.jp-LauncherCard')
    .filter({ hasText: name });
}

/** A notebook file that was saved with a kernel, opened. */
export async function openNotebook(
  page: IJupyterLabPageFixture,
  file: string,
  kernel: { name: string; display_name: string } | null
): Promise<void> {
  const metadata = kernel
    ? { kernelspec: { ...kernel, language: 'python' }, language_info: { name: 'python' } }
    : {};
  const cells = [
    {
      cell_type: 'code',
      id: 'a',
      metadata: {},
      source: '6 * 7',
      outputs: [],
      execution_count: null
    }
  ];
  await page.contents.uploadContent(
    JSON.stringify({ nbformat: 4, nbformat_minor: 5, metadata, cells }),
    'text',
    file
  );
  await page.evaluate(
    where => window.jupyterapp.commands.execute('docmanager:open', { path: where }),
    file
  );
}

/** The kernel of the notebook in front is there and waits. */
export async function expectIdle(page: Page): Promise<void> {
  await expect(page.locator('#jp-main-statusbar')).toContainText('| Idle', { timeout: 60_000 });
}

/** Run the first cell and see 42. */
export async function expectRuns(page: Page): Promise<void> {
  await expectIdle(page);
  const notebook = page.locator('.jp-NotebookPanel:not(.lm-mod-hidden)');
  await notebook.locator('.jp-Cell .cm-content').first().click();
  await page.keyboard.press('Control+Enter');
  await expect(notebook.locator('.jp-OutputArea-output').first()).toContainText('42', {
    timeout: 30_000
  });
}

export async function expectAccessible(page: Page, selector: string): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).include(selector).analyze();
  expect(
    violations.map(({ id, nodes }) => ({ id, nodes: nodes.map(node => node.failureSummary) }))
  ).toEqual([]);
}

/** In light and dark; with UPDATE_IMAGES set, for the documentation. */
export async function pictures(page: IJupyterLabPageFixture, name: string): Promise<void> {
  for (const theme of ['Light', 'Dark'] as const) {
    await setTheme(page, theme);
    const file = `${name}-${theme.toLowerCase()}.png`;
    await expect(page.locator('#jupyterlab-splash')).toHaveCount(0);
    await page.mouse.move(0, 0);
    await page.screenshot({
      path: process.env.UPDATE_IMAGES ? path.join(IMAGES, file) : test.info().outputPath(file)
    });
  }
  await setTheme(page, 'Light');
}
