import { expect, test } from '@playwright/test';

import { Deployment } from '../rest';
import { Lab } from '../pages/lab';
import { newHome, removeHome, startChannel, startServer } from '../servers';

test('a server that dies during a build is missed, and found again by itself', async ({
  page,
  playwright
}) => {
  test.setTimeout(180_000);
  const home = newHome();
  const channel = await startChannel();
  const server = await startServer({ home, channel: channel.url });
  const request = await playwright.request.newContext({ baseURL: server.url });
  try {
    const deployment = new Deployment(request);
    await deployment.create('mlenv', 'Machine Learning', ['pandas']);
    const lab = await Lab.open(page, server.url);
    const panel = await lab.panel();
    await panel.open('mlenv');
    const { detail } = lab;
    await deployment.hold();
    await detail.action('Build').click();
    await detail.section('Build log');
    await expect(detail.log.root).toContainText('Downloading');

    await server.kill();
    await expect(panel.root).toContainText('Connection lost');
    await expect(detail.root).toContainText('Connection lost');
    await expect(detail.log.root).toContainText('Downloading');
    await server.restart();
    // JupyterLab's own word on the lost server, which covers the page.
    await page.addLocatorHandler(page.locator('.jp-Dialog'), dialog =>
      dialog.getByRole('button').first().click()
    );
    await expect(panel.root).not.toContainText('Connection lost', {
      timeout: 45_000
    });
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
    const log = (await deployment.log('mlenv', 1)).trimEnd().split('\n');
    await expect(detail.log.root).toContainText(log.at(-1)!);
    expect(await detail.log.lines()).toEqual(log);
  } finally {
    await request.dispose();
    await server.stop();
    await channel.stop();
    removeHome(home);
  }
});
