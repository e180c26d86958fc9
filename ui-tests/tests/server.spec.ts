import { expect, galata, test } from '@jupyterlab/galata';
import type { APIRequestContext } from '@playwright/test';
import * as path from 'node:path';

import { expectNoViolations, isPanelLoaded, openPanel } from './panel';

const IMAGES = path.resolve(__dirname, '../../docs/images');
const ENVIRONMENTS = 'dataflow-envs/environments';

test.use({ autoGoto: false, mockSettings: galata.DEFAULT_SETTINGS });

async function removeAll(request: APIRequestContext): Promise<void> {
  const answer = await request.get(ENVIRONMENTS);
  expect(answer.status()).toBe(200);
  for (const { short_name } of (await answer.json()).items) {
    expect((await request.delete(`${ENVIRONMENTS}/${short_name}`)).ok()).toBe(true);
  }
}

async function create(
  request: APIRequestContext,
  short_name: string,
  full_name: string
): Promise<void> {
  const answer = await request.post(ENVIRONMENTS, {
    data: {
      short_name,
      full_name,
      python_version: '3.11',
      conda_requirements: ['pandas>=2'],
      pip_requirements: ['rich']
    }
  });
  expect(answer.status(), await answer.text()).toBe(201);
}

async function status(request: APIRequestContext, shortName: string): Promise<string> {
  return (await (await request.get(`${ENVIRONMENTS}/${shortName}`)).json()).status;
}

test.describe('with a server', () => {
  test.beforeEach(async ({ request }) => removeAll(request));

  test('loads the panel only when it is opened, and says what to do first', async ({ page }) => {
    await page.goto();
    expect(await isPanelLoaded(page)).toBe(false);
    const panel = await openPanel(page);
    await expect(panel).toContainText('No environments yet.');
    await expect(panel).toContainText('jupyter dataflow-envs create');
    expect(await isPanelLoaded(page)).toBe(true);
    await expectNoViolations(page);
  });

  test('opens from the command palette', async ({ page }) => {
    await page.goto();
    await page.keyboard.press('Control+Shift+C');
    await page.locator('.lm-CommandPalette-input').fill('Show Environments');
    await page.keyboard.press('Enter');
    await expect(page.locator('#jupyter-dataflow-envs')).toContainText('No environments yet.');
  });

  test('shows what is there, and what others create meanwhile', async ({ page, request }) => {
    const hostile = '<img src=x onerror="document.title = 1">';
    await create(request, 'mlenv', 'Machine Learning Environment');
    await create(request, 'rep', hostile);
    await page.goto();
    const panel = await openPanel(page);
    await expect(panel.getByRole('listitem')).toHaveCount(2);
    await expect(panel.getByText('Machine Learning Environment')).toBeVisible();
    await expect(panel.getByText(hostile)).toBeVisible();
    expect(await panel.locator('img').count()).toBe(0);
    await expect(panel.getByText('Saved')).toHaveCount(2);

    await create(request, 'new', 'Just created');
    await panel.getByRole('button', { name: 'Refresh the list of environments' }).click();
    await expect(panel.getByRole('listitem')).toHaveCount(3);
  });

  for (const theme of ['light', 'dark'] as const) {
    test(`looks right in the ${theme} theme`, async ({ page, request }) => {
      await create(request, 'mlenv', 'Machine Learning Environment');
      await create(request, 'geo', 'Geospatial analysis');
      await create(request, 'rep', 'Monthly reporting');
      // Nothing can be solved from an empty channel.
      expect((await request.post(`${ENVIRONMENTS}/rep/build`, { data: {} })).status()).toBe(202);
      await expect.poll(() => status(request, 'rep'), { timeout: 60_000 }).toBe('Failed');

      await page.goto();
      await page.theme[theme === 'dark' ? 'setDarkTheme' : 'setLightTheme']();
      const panel = await openPanel(page);
      await expect(panel.getByText('Failed', { exact: true })).toBeVisible();
      await expectNoViolations(page);
      await page.screenshot({ path: path.join(IMAGES, `panel-${theme}.png`) });
    });
  }
});
