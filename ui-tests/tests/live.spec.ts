import { expect, galata, test as base } from '@jupyterlab/galata';

import { Deployment } from './deployment';
import { expectNoViolations, openPanel, picture, row, setTheme } from './panel';

const test = base.extend<{ deployment: Deployment }>({
  deployment: [
    async ({ request }, use) => {
      const deployment = new Deployment(request);
      await deployment.removeAll();
      await use(deployment);
      await deployment.removeAll();
    },
    { auto: true }
  ]
});

test.use({ autoGoto: false, mockSettings: galata.DEFAULT_SETTINGS });

const SOON = { timeout: 2000 };

test('what others do appears by itself within two seconds', async ({ page, deployment }) => {
  await page.goto();
  const panel = await openPanel(page);
  await expect(panel).toContainText('No environments yet.');
  await deployment.create('mlenv', 'Machine Learning Environment');
  await expect(row(panel, 'mlenv')).toContainText('Saved', SOON);
  await deployment.edit('mlenv', { full_name: 'Deep Learning' });
  await expect(row(panel, 'mlenv')).toContainText('Deep Learning', SOON);
  await deployment.hold();
  await deployment.build('mlenv');
  await expect(row(panel, 'mlenv')).toContainText('In Progress', SOON);
  await deployment.act('mlenv', 'cancel');
  await expect(row(panel, 'mlenv')).toContainText('Failed', { timeout: 5000 });
  await expect(row(panel, 'mlenv')).toContainText('cancelled');
  await deployment.removeAll();
  await expect(panel).toContainText('No environments yet.', SOON);
});

for (const theme of ['Light', 'Dark', 'Dark High Contrast'] as const) {
  test(`keeps the rows when the server is out of reach, and comes back by itself, in ${theme}`, async ({
    page,
    deployment
  }) => {
    test.setTimeout(60_000);
    await deployment.create('mlenv', 'Machine Learning Environment');
    await page.goto();
    await setTheme(page, theme);
    const panel = await openPanel(page);
    await expect(row(panel, 'mlenv')).toBeVisible();
    await page.context().setOffline(true);
    await panel.getByRole('button', { name: 'Refresh' }).click();
    await expect(panel.getByRole('alert')).toContainText('The Jupyter server does not answer.');
    await expect(panel).toContainText('Connection lost, trying again', { timeout: 15_000 });
    await expect(row(panel, 'mlenv')).toBeVisible();
    await expectNoViolations(page);
    await picture(page, 'panel-error', theme, { panelOnly: true });
    await deployment.create('other', 'Made Meanwhile');
    await page.context().setOffline(false);
    await expect(panel.getByRole('alert')).toHaveCount(0, { timeout: 15_000 });
    await expect(row(panel, 'other')).toBeVisible();
    await expect(panel).not.toContainText('Connection lost');
    await deployment.create('third', 'Live Again');
    await expect(row(panel, 'third')).toBeVisible(SOON);
  });
}
