import { expect, galata, test as base } from '@jupyterlab/galata';

import { Deployment } from './deployment';
import { expectAccessible, expectIdle, pictures } from './labParts';
import { isPanelLoaded } from './panel';
import { type IServer, startServer } from './servers';

// On a server of its own: pandas, which can be held back, is not in its cache yet.
const test = base.extend<{ deployment: Deployment }, { server: IServer }>({
  server: [
    // eslint-disable-next-line no-empty-pattern -- Playwright wants it so.
    async ({}, use) => {
      const server = await startServer();
      await use(server);
      await server.stop();
    },
    { scope: 'worker', timeout: 100_000 }
  ],
  baseURL: async ({ server }, use) => use(server.url),
  deployment: [
    async ({ request }, use) => {
      const deployment = new Deployment(request);
      await deployment.release();
      // A build that a test left behind ends first.
      await expect(() => deployment.removeAll()).toPass({ timeout: 60_000 });
      await use(deployment);
      await deployment.release();
    },
    { auto: true }
  ]
});

const NAME = 'Machine Learning Environment';

test.use({ autoGoto: false, mockSettings: galata.DEFAULT_SETTINGS });
test.describe.configure({ timeout: 120_000 });

test('follows a build to its kernel although the panel was never opened', async ({
  page,
  deployment
}) => {
  await deployment.create('mlenv', NAME, ['pandas']);
  await page.goto();
  await deployment.hold();
  await deployment.build('mlenv');
  const toast = page.locator('.Toastify__toast').filter({ hasText: NAME });
  await expect(toast).toHaveCount(1);
  await expect(toast).toContainText(`Building ${NAME} v1`);
  await expect(toast).toContainText(/downloading [\d.]+ MB/, { timeout: 30_000 });
  await expectAccessible(page, '.Toastify__toast');
  await pictures(page, 'toast-building');

  // In the middle of the build.
  await page.evaluate(() => window.location.reload());
  await expect(toast).toContainText(/downloading [\d.]+ MB/, { timeout: 30_000 });

  // Hidden, it stays hidden until there is something to say.
  await toast.getByTitle('Hide notification').click();
  await expect(toast).toHaveCount(0);
  await deployment.release();
  await expect(toast).toContainText(`${NAME}: version 1 is built`, { timeout: 60_000 });
  await expect(toast).toHaveCount(1);
  expect(await isPanelLoaded(page)).toBe(false);
  await pictures(page, 'toast-built');
  await toast.getByRole('button', { name: 'Activate' }).click();
  await expect(toast).toContainText(`${NAME} is active`);
  await toast.getByRole('button', { name: 'New Notebook' }).click();
  await expect(page.locator('.jp-NotebookPanel .jp-KernelName')).toContainText(NAME, {
    timeout: 30_000
  });
  await expectIdle(page);
  expect(await isPanelLoaded(page)).toBe(false);

  // What is over is no news after a reload.
  await page.evaluate(() => window.location.reload());
  await expect(page.locator('.jp-NotebookPanel .jp-KernelName')).toContainText(NAME, {
    timeout: 30_000
  });
  await expect(page.locator('.Toastify__toast')).toHaveCount(0);
});

test('says why a build failed, and leads to its log', async ({ page, deployment }) => {
  const hostile = '<img src=x onerror="document.title = 1"> [link](http://example.org)';
  await deployment.create('rep', hostile, ['no-such-package']);
  await page.goto();
  await deployment.build('rep');
  const toast = page.locator('.Toastify__toast').filter({ hasText: 'the build failed' });
  await expect(toast).toContainText('no-such-package', { timeout: 30_000 });
  await expect(toast).toContainText(hostile);
  expect(await toast.locator('img').count()).toBe(0);
  await toast.getByRole('button', { name: 'Show log' }).click();
  await expect(page.locator('.jp-DataflowEnvs-view')).toBeVisible();
});

test.describe('with notifications off', () => {
  test.use({
    mockSettings: { ...galata.DEFAULT_SETTINGS, 'jupyter_dataflow_envs:plugin': { toasts: false } }
  });

  test('tells nothing', async ({ page, deployment }) => {
    await deployment.create('mlenv', NAME);
    await page.goto();
    await deployment.build('mlenv');
    await expect.poll(() => deployment.status('mlenv'), { timeout: 60_000 }).toBe('Draft');
    await expect(page.locator('.Toastify__toast')).toHaveCount(0);
    const codes = await page.evaluate(() =>
      performance.getEntriesByType('resource').map(({ name }) => name)
    );
    expect(codes.some(name => /jupyter_dataflow_envs\/static\/toasts\./.test(name))).toBe(false);
  });
});
