import { expect, test } from '../fixtures';

test('a server that dies during a build is missed, and found again by itself', async ({
  deployment,
  lab,
  server
}) => {
  test.setTimeout(180_000);
  await deployment.create('mlenv', 'Machine Learning', [await deployment.hold()]);
  const panel = await lab.panel();
  await panel.open('mlenv');
  const { detail } = lab;
  await detail.action('Build').click();
  await detail.section('Build log');
  await expect(detail.log.text).toContainText('Downloading');

  await server.kill();
  await expect(panel.root).toContainText(/Connection lost|Trying again/);
  await expect(detail.root).toContainText('Connection lost');
  await expect(detail.log.text).toContainText('Downloading');
  await server.restart();
  await lab.dismissDialogs();
  await expect(panel.root).not.toContainText(/Connection lost|Trying again/, { timeout: 60_000 });
  await deployment.release();
  await expect
    .poll(() => deployment.status('mlenv'), { timeout: 60_000 })
    .toMatch(/^(Draft|Failed)$/);
  const status = await deployment.status('mlenv');
  await detail.expectStatus(status);
  await panel.expectStatus('mlenv', status);
  if (status === 'Failed') {
    await expect(detail.root).toContainText('interrupted');
  }
  await expect(detail.root).not.toContainText('Connection lost');
  await detail.log.expectWhole(await deployment.log('mlenv', 1));
});
