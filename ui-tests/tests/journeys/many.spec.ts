import { expect, test } from '../fixtures';
import { watchFrames } from '../frames';
import { Lab } from '../pages/lab';
import { type IServer, startServer } from '../servers';

let server: IServer;

test.beforeAll(async () => {
  test.setTimeout(120_000);
  server = await startServer();
  server.seed('--environments', '1000');
});

test.afterAll(() => server.stop());

test('1,000 environments are listed, filtered and walked through', async ({ page }) => {
  const lab = await Lab.open(page, server.url);
  const panel = await lab.panel();
  await expect(panel.root).toContainText(/1,?00\d/);
  await expect(panel.rows.first()).toBeVisible();
  // Only what is in sight is drawn.
  expect(await panel.rows.count()).toBeLessThan(100);

  const typing = await watchFrames(page, async () => {
    await panel.filter.pressSequentially('genomics', { delay: 40 });
    await expect(panel.rows.first()).toContainText('Genomics');
  });
  await expect(panel.rows.filter({ hasNotText: 'Genomics' })).toHaveCount(0);
  await panel.filter.fill('');
  await expect(panel.rows.filter({ hasNotText: 'Genomics' }).first()).toBeVisible();

  await panel.name('s000').focus();
  await page.keyboard.press('End');
  await expect(panel.row('s3e7')).toBeVisible();
  await page.keyboard.press('Home');
  await expect(panel.row('s000')).toBeVisible();
  const scrolling = await watchFrames(page, () => panel.scrollThrough());
  // How long the longest takes is for `make bench` to show: tests run beside others.
  expect(typing.work).toBeLessThan(50);
  expect(scrolling.work).toBeLessThan(50);
});

test('the kernel picker finds one of 1,000', async ({ page }) => {
  const lab = await Lab.open(page, server.url);
  await (await lab.launcher()).card('Python 3', 'Local Environments').click();
  await lab.notebook.expectKernel('Python 3');
  const picker = await lab.notebook.changeKernel();
  // The first hundred come at once; what is typed is asked of the server, which knows all of them.
  await expect(picker.groups.first()).toHaveAttribute('label', 'Dataflow Environments');
  await expect(picker.option('Time Series Team 940')).toHaveCount(0);
  await picker.filter.fill('series 940');
  await expect(picker.options).toHaveText(['Activate and start: Time Series Team 940 (s3ac)']);
  await expect(picker.root.getByRole('status')).toHaveText('1 kernel matches');
  await picker.filter.fill('nothing is called so');
  await expect(picker.options).toHaveCount(0);
  await expect(picker.root.getByRole('status')).toHaveText('0 kernels match');
  await picker.filter.fill('');
  await expect(picker.option('Python 3').first()).toBeAttached();
});
