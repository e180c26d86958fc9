import { expectAccessible, look } from './appearance';
import { expect, test } from './fixtures';
import { Lab } from './pages/lab';
import { soon } from './soon';

const NAME = 'Machine Learning Environment';
const DATAFLOW = 'Dataflow Environments';
const DIALOG = '.jp-Dialog';
const STATUS = '.jp-DataflowEnvs-statusItem';

test.use({ settings: { toasts: false } });

test('a kernel comes and goes in the launchers of all open pages within 2 s', async ({
  page,
  context,
  deployment,
  server
}) => {
  await deployment.built('mlenv', NAME);
  const labs = [await Lab.open(page), await Lab.open(await context.newPage())];
  const launchers = await Promise.all(labs.map(lab => lab.launcher()));
  await expect(launchers[0].card('Python 3', 'Local Environments')).toHaveCount(1);
  await expect(launchers[0].card(NAME)).toHaveCount(0);

  const ways: [string, boolean, () => Promise<void>][] = [
    ['activated at the command line', true, () => server.commandLine('activate', 'mlenv')],
    ['deactivated', false, () => deployment.deactivate('mlenv')],
    ['activated', true, () => deployment.activate('mlenv')]
  ];
  for (const [name, isThere, act] of ways) {
    await act();
    const answered = performance.now();
    const seen = await Promise.all(
      launchers.map(async launcher => {
        await expect(launcher.card(NAME)).toHaveCount(isThere ? 1 : 0);
        return performance.now();
      })
    );
    const slowest = Math.round(Math.max(...seen) - answered);
    console.log(`${name}: in both launchers ${slowest} ms after the answer`);
    expect(slowest, name).toBeLessThan(soon());
  }
  await labs[1].page.close();
  const [lab, launcher] = [labs[0], launchers[0]];
  await expect(launcher.sections.nth(0)).toHaveText(DATAFLOW);
  await expect(launcher.sections.nth(1)).toHaveText('Local Environments');
  await expect(launcher.card(NAME)).toHaveAttribute('title', `${NAME} (mlenv), version 1`);
  // Its console, in JupyterLab's own category.
  await expect(launcher.root.locator('.jp-LauncherCard').filter({ hasText: NAME })).toHaveCount(2);
  await look(lab, 'launcher', ['.jp-LauncherCard[data-category="Dataflow Environments"]']);

  await launcher.card(NAME).click();
  const { notebook } = lab;
  const status = lab.statusBar.locator(STATUS);
  await notebook.expectKernel(NAME);
  await expect(await notebook.run('6 * 7')).toContainText('42');
  await expect(status).toContainText(`${NAME} · v1`);
  await look(lab, 'notebook', [STATUS]);

  // A second version: the running kernel stays, the status bar says what a restart brings.
  await deployment.edit('mlenv', ['pip']);
  await deployment.rebuilt('mlenv');
  const restart = status.getByRole('button', { name: 'v2 available — restart kernel' });
  await expect(restart).toBeVisible();
  await expect(status).toContainText(`${NAME} · v1`);
  await look(lab, 'status-bar', [STATUS]);
  await restart.click();
  await lab.dialog.getByRole('button', { name: 'Confirm Kernel Restart' }).click();
  await expect(status).toContainText(`${NAME} · v2`, { timeout: 30_000 });
  await expect(restart).toHaveCount(0);
  await status.getByRole('button', { name: NAME }).click();
  await expect(lab.detail.heading).toHaveText(NAME);
});

test('the picker activates and starts, and asks with the words of the core', async ({
  page,
  deployment
}) => {
  await deployment.built('mlenv', NAME);
  await deployment.built('other', '<b>Hostile</b> "name"');
  await deployment.activate('other');
  const lab = await Lab.open(page);
  const { notebook } = lab;
  await notebook.open('plain.ipynb', { name: 'python3', display_name: 'Python 3' });
  await notebook.expectKernel('Python 3');
  const picker = await notebook.changeKernel();
  await expect(picker.root.getByLabel('Select kernel for: "plain.ipynb"')).toBeVisible();
  await expect(picker.groups.nth(0)).toHaveAttribute('label', DATAFLOW);
  await expect(picker.groups.nth(0).locator('option')).toHaveText([
    '<b>Hostile</b> "name" (other, v1)',
    `Activate and start: ${NAME} (mlenv)`
  ]);
  await expect(picker.groups.nth(1)).toHaveAttribute('label', 'Local Environments');
  await expect(picker.groups.nth(1).locator('option')).toHaveText([/Python 3/]);
  await expect(picker.list.locator('option:checked')).toContainText('plain');
  await expect(picker.root.getByText('Always start the preferred kernel')).toBeVisible();
  // There is nothing to filter in so few.
  await expect(picker.filter).toBeHidden();
  await look(lab, 'kernel-picker', [DIALOG]);
  await picker.choose(`Activate and start: ${NAME} (mlenv)`);
  await notebook.expectKernel(NAME);
  await expect(await notebook.run('6 * 7')).toContainText('42');
  expect(await deployment.running()).toContain('mlenv');
});

test('a notebook is told of its environment that is not active, or not there', async ({
  page,
  deployment
}) => {
  await deployment.built('mlenv', NAME);
  await deployment.create('draft', 'Not yet built');
  const lab = await Lab.open(page);
  const { notebook, picker } = lab;
  await notebook.open('gone.ipynb', {
    name: 'dataflow-gone',
    display_name: 'Dataflow · Gone <img src=x>'
  });
  await expect(picker.root).toContainText(
    'This notebook was saved with the environment Gone <img src=x> (gone).'
  );
  await expect(picker.root).toContainText('There is none of that name that you may use.');
  await look(lab, null, [DIALOG]);
  await picker.button('Select Kernel').click();
  await notebook.expectKernel('Python 3');

  await notebook.open('draft.ipynb', {
    name: 'dataflow-draft',
    display_name: 'Dataflow · Not yet built'
  });
  await expect(picker.root).toContainText('the environment Not yet built (draft).');
  await expect(picker.root.locator('.jp-DataflowEnvs-pickerNotice').nth(1)).not.toBeEmpty();
  await expectAccessible(page, [DIALOG]);
  await picker.button('No Kernel').click();

  await notebook.open('wants.ipynb', {
    name: 'dataflow-mlenv',
    display_name: `Dataflow · ${NAME}`
  });
  await expect(lab.dialog).toContainText(`Activate ${NAME}?`);
  await expect(lab.dialog).toContainText(
    `This notebook was saved with the environment ${NAME} (mlenv).`
  );
  await look(lab, 'kernel-missing', [DIALOG]);
  await lab.dialog.getByRole('button', { name: 'Activate' }).click();
  await notebook.expectKernel(NAME);
  await expect(await notebook.run('6 * 7')).toContainText('42');
});
