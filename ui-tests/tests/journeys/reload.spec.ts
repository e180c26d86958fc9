import { expect, test } from '../fixtures';

test('a reload in the middle of a build loses nothing of the log and shows nothing twice', async ({
  deployment,
  lab
}) => {
  await deployment.create('mlenv', 'Machine Learning', [await deployment.hold()]);
  const panel = await lab.panel();
  await panel.open('mlenv');
  const { detail } = lab;
  await detail.action('Build').click();
  await detail.section('Build log');
  await expect(detail.log.text).toContainText('Downloading');

  await lab.reload();
  await expect(detail.heading).toHaveText('Machine Learning');
  await detail.expectSection('Build log');
  await expect(detail.log.text).toContainText('Downloading');
  await detail.expectStatus('In Progress');
  await deployment.release();
  await expect(detail.log.text).toContainText('Succeeded', { timeout: 60_000 });
  await detail.expectStatus('Draft');
  await detail.log.expectWhole(await deployment.log('mlenv', 1));
});
