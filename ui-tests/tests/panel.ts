import AxeBuilder from '@axe-core/playwright';
import { expect, type IJupyterLabPageFixture } from '@jupyterlab/galata';
import type { Locator } from '@playwright/test';

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

export async function expectNoViolations(page: IJupyterLabPageFixture): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).include(PANEL).analyze();
  expect(
    violations.map(({ id, nodes }) => ({ id, nodes: nodes.map(node => node.failureSummary) }))
  ).toEqual([]);
}
