import { expect, test } from '../fixtures';
import { watchFrames } from '../frames';
import { Lab } from '../pages/lab';

test('a log of 100,000 lines arrives, is scrolled and searched', async ({
  deployment,
  page,
  server
}) => {
  await deployment.create('mlenv', 'Machine Learning', [await deployment.hold()]);
  await deployment.build('mlenv');
  const lab = await Lab.open(page);
  const panel = await lab.panel();
  await panel.open('mlenv');
  const { detail } = lab;
  await detail.section('Build log');
  await expect(detail.log.text).toContainText('Downloading');
  server.seed('--long-log', 'mlenv', '100000');
  await expect(detail.log.text).toContainText('100000 ', { timeout: 30_000 });
  expect(await page.title()).not.toContain('owned');

  const scrolling = await watchFrames(page, () => detail.log.scrollThrough());
  // How long the longest takes is for `make bench` to show: tests run beside others.
  expect(scrolling.work).toBeLessThan(50);
  await detail.log.search('77778 linked');
  await expect(detail.log.text.getByText('77778 linked')).toBeVisible();
  await deployment.release();
  await detail.expectStatus('Draft');
  await detail.log.toEnd();
  await expect(detail.log.text).toContainText('Succeeded');
});
