import { expect, galata, test as base } from '@jupyterlab/galata';

import { Deployment } from './deployment';
import {
  card,
  expectAccessible,
  expectIdle,
  expectRuns,
  Kernels,
  openNotebook,
  pictures
} from './labParts';

const test = base.extend<{ deployment: Deployment; activations: Kernels }>({
  deployment: [
    async ({ request }, use) => {
      const deployment = new Deployment(request);
      await deployment.removeAll();
      await use(deployment);
    },
    { auto: true }
  ],
  activations: async ({ request }, use) => use(new Kernels(request))
});

const NAME = 'Machine Learning Environment';
const DATAFLOW = 'Dataflow Environments';

test.use({
  autoGoto: false,
  mockSettings: { ...galata.DEFAULT_SETTINGS, 'jupyter_dataflow_envs:plugin': { toasts: false } }
});
test.describe.configure({ timeout: 240_000 });

test('a kernel comes and goes in launcher and picker of all open pages within 2 s', async ({
  page,
  context,
  deployment,
  activations
}) => {
  await deployment.create('mlenv', NAME);
  await activations.built(deployment, 'mlenv');
  await page.goto();
  const second = await context.newPage();
  await second.goto('lab/workspaces/second?reset');
  await expect(second.locator('.jp-LauncherCard').first()).toBeVisible({ timeout: 30_000 });
  await page.evaluate(() => window.jupyterapp.commands.execute('launcher:create'));
  await expect(card(page, 'Local Environments', 'Python 3')).toHaveCount(1);
  await expect(card(page, DATAFLOW, NAME)).toHaveCount(0);

  const pages = [page, second];
  for (const isThere of [true, false, true]) {
    const before = performance.now();
    await (isThere ? activations.activate('mlenv') : activations.deactivate('mlenv'));
    const answered = performance.now();
    const seen = await Promise.all(
      pages.map(async one => {
        await expect(card(one, DATAFLOW, NAME)).toHaveCount(isThere ? 1 : 0, { timeout: 10_000 });
        return performance.now();
      })
    );
    const slowest = Math.max(...seen);
    console.log(
      `${isThere ? 'activated' : 'deactivated'}: in both launchers ${Math.round(slowest - before)} ms after the request, ` +
        `${Math.round(slowest - answered)} ms after its answer`
    );
    expect(slowest - answered).toBeLessThan(2000);
  }
  const headings = page.locator('.jp-Launcher-sectionTitle');
  await expect(headings.nth(0)).toHaveText(DATAFLOW);
  await expect(headings.nth(1)).toHaveText('Local Environments');
  await expect(card(page, DATAFLOW, NAME)).toHaveAttribute('title', `${NAME} (mlenv), version 1`);
  // Its console, in JupyterLab's own category.
  await expect(page.locator('.jp-LauncherCard:visible').filter({ hasText: NAME })).toHaveCount(2);
  await expectAccessible(page, '.jp-LauncherCard[data-category="Dataflow Environments"]');
  await second.close();
  await pictures(page, 'launcher');

  await card(page, DATAFLOW, NAME).click();
  const notebook = page.locator('.jp-NotebookPanel:not(.lm-mod-hidden)');
  await expect(notebook.locator('.jp-KernelName')).toContainText(NAME, { timeout: 30_000 });
  await notebook.locator('.jp-Cell .cm-content').first().click();
  await page.keyboard.type('6 * 7');
  await expectRuns(page);

  const status = page.locator('.jp-DataflowEnvs-statusItem');
  await expect(status).toContainText(`${NAME} · v1`);
  await notebook.locator('.jp-KernelName').click();
  const dialog = page.getByRole('dialog');
  const select = dialog.locator('select');
  await expect(select.locator('optgroup').nth(0)).toHaveAttribute('label', DATAFLOW);
  await expect(select.locator('optgroup').nth(1)).toHaveAttribute('label', 'Local Environments');
  await expect(select.locator('option:checked')).toContainText('Untitled');
  await dialog.getByRole('button', { name: 'Cancel' }).click();

  // A second version: the running kernel stays, the status bar says what a restart brings.
  await activations.add('mlenv', ['pip']);
  await activations.built(deployment, 'mlenv');
  const restart = status.getByRole('button', { name: 'v2 available — restart kernel' });
  await expect(restart).toBeVisible();
  await expect(status).toContainText(`${NAME} · v1`);
  await expectAccessible(page, '.jp-DataflowEnvs-statusItem');
  await pictures(page, 'status-bar');
  await restart.click();
  await page.getByRole('dialog').getByRole('button', { name: 'Confirm Kernel Restart' }).click();
  await expect(status).toContainText(`${NAME} · v2`, { timeout: 30_000 });
  await expect(restart).toHaveCount(0);
  await status.getByRole('button', { name: NAME }).click();
  await expect(page.locator('.jp-DataflowEnvs-view')).toBeVisible();
});

test('the picker activates and starts, and asks with the words of the core', async ({
  page,
  deployment,
  activations
}) => {
  await deployment.create('mlenv', NAME);
  await deployment.create('other', '<b>Hostile</b> "name"');
  await activations.built(deployment, 'mlenv');
  await activations.built(deployment, 'other');
  await activations.activate('other');
  await page.goto();
  await openNotebook(page, 'plain.ipynb', { name: 'python3', display_name: 'Python 3' });
  const notebook = page.locator('.jp-NotebookPanel:not(.lm-mod-hidden)');
  await expect(notebook.locator('.jp-KernelName')).toContainText('Python 3', { timeout: 30_000 });
  await expectIdle(page);
  await notebook.locator('.jp-KernelName').click();
  const dialog = page.getByRole('dialog');
  const select = dialog.getByLabel('Select kernel for: "plain.ipynb"');
  await expect(select.locator('optgroup').nth(0)).toHaveAttribute('label', DATAFLOW);
  await expect(select.locator('optgroup').nth(0).locator('option')).toHaveText([
    '<b>Hostile</b> "name" (other, v1)',
    `Activate and start: ${NAME} (mlenv)`
  ]);
  await expect(select.locator('optgroup').nth(1).locator('option')).toHaveText([/Python 3/]);
  await expect(dialog.getByText('Always start the preferred kernel')).toBeVisible();
  await expectAccessible(page, '.jp-Dialog');
  await select.selectOption({ label: `Activate and start: ${NAME} (mlenv)` });
  await pictures(page, 'kernel-picker');
  await dialog.getByRole('button', { name: 'Select Kernel' }).click();
  await expect(notebook.locator('.jp-KernelName')).toContainText(NAME, { timeout: 30_000 });
  await expectRuns(page);
  expect((await activations.running()).map(({ short_name: name }) => name)).toContain('mlenv');
});

test('a notebook whose environment is not active offers to activate it', async ({
  page,
  deployment,
  activations
}) => {
  await deployment.create('mlenv', NAME);
  await activations.built(deployment, 'mlenv');
  await page.goto();
  await openNotebook(page, 'wants.ipynb', {
    name: 'dataflow-mlenv',
    display_name: `Dataflow · ${NAME}`
  });
  const dialog = page.getByRole('dialog');
  await expect(dialog).toContainText(`Activate ${NAME}?`);
  await expect(dialog).toContainText(
    `This notebook was saved with the environment ${NAME} (mlenv).`
  );
  await expectAccessible(page, '.jp-Dialog');
  await pictures(page, 'kernel-missing');
  await dialog.getByRole('button', { name: 'Activate' }).click();
  const notebook = page.locator('.jp-NotebookPanel:not(.lm-mod-hidden)');
  await expect(notebook.locator('.jp-KernelName')).toContainText(NAME, { timeout: 30_000 });
  await expectRuns(page);
});

test('a notebook whose environment does not exist says so and offers the others', async ({
  page,
  deployment
}) => {
  await deployment.create('draft', 'Not yet built');
  await page.goto();
  await openNotebook(page, 'gone.ipynb', {
    name: 'dataflow-gone',
    display_name: 'Dataflow · Gone <img src=x>'
  });
  const dialog = page.getByRole('dialog');
  await expect(dialog).toContainText(
    'This notebook was saved with the environment Gone <img src=x> (gone).'
  );
  await expect(dialog).toContainText('There is none of that name that you may use.');
  await dialog.getByRole('button', { name: 'Select Kernel' }).click();
  await expect(page.locator('.jp-NotebookPanel .jp-KernelName')).toContainText('Python 3');

  await openNotebook(page, 'draft.ipynb', {
    name: 'dataflow-draft',
    display_name: 'Dataflow · Not yet built'
  });
  await expect(dialog).toContainText('the environment Not yet built (draft).');
  await expect(dialog.locator('.jp-DataflowEnvs-pickerNotice').nth(1)).not.toBeEmpty();
  await dialog.getByRole('button', { name: 'No Kernel' }).click();
});
