import { expect, galata, test as base } from '@jupyterlab/galata';

import { Deployment } from './deployment';
import { expectNoViolations, isPanelLoaded, openPanel, picture, row, setTheme } from './panel';

// Every test begins with no environments, whether it makes some or not.
const test = base.extend<{ deployment: Deployment }>({
  deployment: [
    async ({ request }, use) => {
      const deployment = new Deployment(request);
      await deployment.removeAll();
      await use(deployment);
    },
    { auto: true }
  ]
});

// The panel never reads by itself here, except while something is being built.
test.use({
  autoGoto: false,
  mockSettings: {
    ...galata.DEFAULT_SETTINGS,
    'jupyter_dataflow_envs:plugin': { refreshInterval: 0 }
  }
});

test('loads the panel only when it is opened, and says what to do first', async ({ page }) => {
  await page.goto();
  expect(await isPanelLoaded(page)).toBe(false);
  const panel = await openPanel(page);
  await expect(panel).toContainText('No environments yet.');
  await expect(panel).toContainText('jupyter dataflow-envs create');
  expect(await isPanelLoaded(page)).toBe(true);
  for (const theme of ['Light', 'Dark'] as const) {
    await setTheme(page, theme);
    await expectNoViolations(page);
    await picture(page, 'panel-empty', theme, { panelOnly: true });
  }
});

test('opens from the command palette', async ({ page }) => {
  await page.goto();
  await page.keyboard.press('Control+Shift+C');
  await page.locator('.lm-CommandPalette-input').fill('Show Environments');
  await page.keyboard.press('Enter');
  await expect(page.locator('#jupyter-dataflow-envs')).toContainText('No environments yet.');
});

test('shows what people wrote as text, and what others create meanwhile', async ({
  page,
  deployment
}) => {
  const hostile = '<img src=x onerror="document.title = 1">';
  await deployment.create('mlenv', 'Machine Learning Environment');
  await deployment.create('rep', hostile);
  await page.goto();
  const panel = await openPanel(page);
  await expect(panel.getByRole('listitem')).toHaveCount(2);
  await expect(panel.getByText('Machine Learning Environment')).toBeVisible();
  await expect(panel.getByText(hostile)).toBeVisible();
  expect(await panel.locator('img').count()).toBe(0);
  await expect(panel.getByText('Saved')).toHaveCount(2);

  await deployment.create('new', 'Just created');
  await panel.getByRole('button', { name: 'Refresh the list of environments' }).click();
  await expect(panel.getByRole('listitem')).toHaveCount(3);
});

test('follows real builds to their end by itself', async ({ page, deployment }) => {
  test.setTimeout(180_000);
  await deployment.create('geo', 'Geospatial Analysis');
  await deployment.create('mlenv', 'Machine Learning Environment', ['pandas']);
  await deployment.create('next', 'Forecasting, 2027 models');
  await deployment.create('rep', 'Monthly Reporting', ['no-such-package']);
  await deployment.create('sketc', 'Sketches');

  await deployment.build('geo');
  await deployment.build('rep');
  await expect.poll(() => deployment.status('geo'), { timeout: 90_000 }).toBe('Draft');
  await expect.poll(() => deployment.status('rep'), { timeout: 30_000 }).toBe('Failed');

  await deployment.hold();
  await deployment.build('mlenv');
  await deployment.build('next');
  await page.goto();
  const panel = await openPanel(page);
  await expect(row(panel, 'geo')).toContainText('v1');
  await expect(row(panel, 'geo')).toContainText('Draft');
  await expect(row(panel, 'rep')).toContainText('Failed');
  await expect(row(panel, 'rep')).toContainText('no-such-package');
  await expect(row(panel, 'sketc')).toContainText('Saved');
  await expect(row(panel, 'mlenv')).toContainText('In Progress');
  await expect(row(panel, 'mlenv')).toContainText(/downloading \d+\/\d+/);
  await expect(row(panel, 'next')).toContainText('queued #1');
  for (const theme of ['Light', 'Dark'] as const) {
    await setTheme(page, theme);
    await expectNoViolations(page);
    await picture(page, 'panel', theme);
  }

  await deployment.release();
  await expect(row(panel, 'mlenv')).toContainText('Draft', { timeout: 60_000 });
  await expect(row(panel, 'next')).toContainText('Draft', { timeout: 60_000 });
  await expect(panel.getByRole('progressbar')).toHaveCount(0);
});

test('keeps the rows and says so when the server is out of reach', async ({ page, deployment }) => {
  await deployment.create('mlenv', 'Machine Learning Environment');
  await page.goto();
  const panel = await openPanel(page);
  await expect(row(panel, 'mlenv')).toBeVisible();
  await page.context().setOffline(true);
  await panel.getByRole('button', { name: 'Refresh the list of environments' }).click();
  await expect(panel.getByRole('alert')).toContainText('The Jupyter server does not answer.');
  await expect(row(panel, 'mlenv')).toBeVisible();
  await page.context().setOffline(false);
  await panel.getByRole('button', { name: 'Retry' }).click();
  await expect(panel.getByRole('alert')).toHaveCount(0);
});
