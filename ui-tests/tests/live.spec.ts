import { expectAccessible, picture } from './appearance';
import { expect, test } from './fixtures';
import { Lab } from './pages/lab';
import { soon } from './soon';

const PANEL = '#jupyter-dataflow-envs';

test('what others do appears by itself within two seconds', async ({ deployment, lab }) => {
  const slow = await deployment.hold();
  const panel = await lab.panel();
  await expect(panel.root).toContainText('No environments yet.');
  await deployment.create('mlenv', 'Machine Learning Environment', [slow]);
  await expect(panel.row('mlenv')).toContainText('Saved', { timeout: soon() });
  await deployment.edit('mlenv', { full_name: 'Deep Learning' });
  await expect(panel.row('mlenv')).toContainText('Deep Learning', { timeout: soon() });
  await deployment.build('mlenv');
  await expect(panel.row('mlenv')).toContainText('In Progress', { timeout: soon() });
  await deployment.cancel('mlenv');
  await expect(panel.row('mlenv')).toContainText('Failed', { timeout: 2 * soon() });
  await expect(panel.row('mlenv')).toContainText('cancelled');
  await deployment.removeAll();
  await expect(panel.root).toContainText('No environments yet.', { timeout: soon() });
});

test('keeps the rows when the server is out of reach, and comes back by itself', async ({
  page,
  deployment
}) => {
  await deployment.create('mlenv', 'Machine Learning Environment');
  const lab = await Lab.open(page);
  const panel = await lab.panel();
  await expect(panel.row('mlenv')).toBeVisible();
  await lab.dismissDialogs();
  const alert = panel.root.getByRole('alert');
  for (const theme of ['Dark', 'Light'] as const) {
    // Only with a server: it has what a theme looks like.
    await lab.theme(theme);
    await page.context().setOffline(true);
    await panel.root.getByRole('button', { name: 'Refresh' }).click();
    await expect(alert).toContainText('The Jupyter server does not answer.');
    await expect(alert).toContainText('Trying again…');
    await expect(panel.root).not.toContainText('Connection lost');
    await expect(panel.row('mlenv')).toBeVisible();
    await expectAccessible(page, [PANEL], theme);
    await picture(page, 'panel-error', theme, PANEL);
    if (theme !== 'Light') {
      await page.context().setOffline(false);
      await expect(alert).toHaveCount(0);
    }
  }
  await deployment.create('other', 'Made Meanwhile');
  await page.context().setOffline(false);
  await expect(alert).toHaveCount(0);
  await expect(panel.row('other')).toBeVisible();
  await expect(panel.root).not.toContainText('Connection lost');
  await deployment.create('third', 'Live Again');
  await expect(panel.row('third')).toBeVisible({ timeout: soon() });
});
