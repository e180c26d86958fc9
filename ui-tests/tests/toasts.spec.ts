import { look } from './appearance';
import { expect, test } from './fixtures';
import { Lab } from './pages/lab';

const NAME = 'Machine Learning Environment';
const TOAST = '.Toastify__toast';

test('follows a build to its kernel although the panel was never opened', async ({
  deployment,
  lab
}) => {
  const { page, notebook } = lab;
  await deployment.create('mlenv', NAME, [await deployment.hold()]);
  await deployment.build('mlenv');
  const toast = lab.toast(NAME);
  await expect(toast).toHaveCount(1);
  await expect(toast).toContainText(`Building ${NAME} v1`);
  await expect(toast).toContainText('downloading', { timeout: 30_000 });
  await look(lab, 'toast-building', [TOAST]);

  // In the middle of the build.
  await page.reload();
  await expect(toast).toContainText('downloading', { timeout: 30_000 });

  // Hidden, it stays hidden until there is something to say.
  await toast.getByTitle('Hide notification').click();
  await expect(toast).toHaveCount(0);
  await deployment.release();
  await expect(toast).toContainText(`${NAME}: version 1 is built`, { timeout: 60_000 });
  await expect(toast).toHaveCount(1);
  expect(await lab.fetched()).not.toContain('panel');
  // Nobody near it, it closes by itself.
  await toast.hover();
  await look(lab, 'toast-built', [TOAST]);
  await toast.getByRole('button', { name: 'Activate' }).click();
  await expect(toast).toContainText(`${NAME} is active`);
  await toast.getByRole('button', { name: 'New Notebook' }).click();
  await notebook.expectKernel(NAME);
  expect(await lab.fetched()).not.toContain('panel');

  // What is over is no news after a reload.
  await lab.reload('notebook:Untitled');
  await notebook.expectKernel(NAME);
  await expect(page.locator(TOAST)).toHaveCount(0);
});

test('says why a build failed, and leads to its log', async ({ deployment, lab }) => {
  const hostile = '<img src=x onerror="document.title = 1"> [link](http://example.org)';
  await deployment.create('rep', hostile, ['no-such-package']);
  await deployment.build('rep');
  const toast = lab.toast('the build failed');
  await expect(toast).toContainText('no-such-package', { timeout: 30_000 });
  await expect(toast).toContainText(hostile);
  expect(await toast.locator('img').count()).toBe(0);
  await toast.getByRole('button', { name: 'Show log' }).click();
  await lab.detail.expectSection('Build log');
});

test.describe('with notifications off', () => {
  test.use({ settings: { toasts: false } });

  test('tells nothing', async ({ deployment, page }) => {
    const lab = await Lab.open(page);
    await deployment.built('mlenv', NAME);
    const panel = await lab.panel();
    await panel.expectStatus('mlenv', 'Draft');
    await expect(page.locator(TOAST)).toHaveCount(0);
    expect(await lab.fetched()).not.toContain('toasts');
  });
});
