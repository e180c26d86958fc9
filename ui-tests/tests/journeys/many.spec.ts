import { watchFrames } from '../frames';
import { Lab } from '../pages/lab';
import { expect, test } from '../seeded';

test('1,000 environments are listed, filtered and walked through', async ({ page, seeded }) => {
  const lab = await Lab.open(page, seeded.url);
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
  // Far from what `make bench` is to show, because tests may run beside others.
  expect(typing.longest).toBeLessThan(250);
  expect(scrolling.longest).toBeLessThan(250);
});
