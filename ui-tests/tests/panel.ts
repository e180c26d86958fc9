import AxeBuilder from '@axe-core/playwright';
import { expect, type IJupyterLabPageFixture, test } from '@jupyterlab/galata';
import type { Locator } from '@playwright/test';
import * as path from 'node:path';

export type Theme = 'Light' | 'Dark' | 'Dark High Contrast';

const IMAGES = path.resolve(__dirname, '../../docs/images');
const DOCUMENTED = /^panel(-empty|-error|-menu|-narrow)?-(light|dark)\.png$/;

export const PANEL = '#jupyter-dataflow-envs';
const TAB = '[role="tab"][data-id="jupyter-dataflow-envs"]';
const CHUNK = /jupyter_dataflow_envs\/static\/panel\./;

/** Whether the browser has fetched the panel's code. */
export async function isPanelLoaded(page: IJupyterLabPageFixture): Promise<boolean> {
  const names = await page.evaluate(() =>
    performance.getEntriesByType('resource').map(entry => entry.name)
  );
  return names.some(name => CHUNK.test(name));
}

/** Open the panel as a person does, by its tab. */
export async function openPanel(page: IJupyterLabPageFixture): Promise<Locator> {
  await page.locator(TAB).click();
  const panel = page.locator(PANEL);
  await expect(panel).toBeVisible();
  return panel;
}

/** The row of one environment; in the section of those that wait for approval it has another. */
export function row(panel: Locator, shortName: string, section = 'Dataflow Environments'): Locator {
  return panel
    .getByRole('list', { name: section, exact: true })
    .getByRole('listitem')
    .filter({ has: panel.page().getByText(shortName, { exact: true }) });
}

export async function setTheme(page: IJupyterLabPageFixture, theme: Theme): Promise<void> {
  const name = `JupyterLab ${theme}`;
  await page.evaluate(
    wanted => window.jupyterapp.commands.execute('apputils:change-theme', { theme: wanted }),
    name
  );
  await expect(page.locator('body')).toHaveAttribute('data-jp-theme-name', name);
}

/** A picture among the test's results; with UPDATE_IMAGES set, those that the documentation shows go there. */
export async function picture(
  page: IJupyterLabPageFixture,
  name: string,
  theme: Theme,
  { panelOnly = false } = {}
): Promise<void> {
  const file = `${name}-${theme.toLowerCase().replaceAll(' ', '-')}.png`;
  const documented = process.env.UPDATE_IMAGES && DOCUMENTED.test(file);
  const options = { path: documented ? path.join(IMAGES, file) : test.info().outputPath(file) };
  await page.mouse.move(0, 0);
  await (panelOnly ? page.locator(PANEL).screenshot(options) : page.screenshot(options));
}

/** @param within - what is looked at */
export async function expectNoViolations(
  page: IJupyterLabPageFixture,
  within: string = PANEL
): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).include(within).analyze();
  expect(
    violations.map(({ id, nodes }) => ({ id, nodes: nodes.map(node => node.failureSummary) }))
  ).toEqual([]);
}
