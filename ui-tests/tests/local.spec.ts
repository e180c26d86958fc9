import * as fs from 'node:fs';
import * as path from 'node:path';

import { look } from './appearance';
import { expect, test } from './fixtures';

const PANEL = '#jupyter-dataflow-envs';
const TAB = '.jp-DataflowEnvs-tab:not(.lm-mod-hidden)';
const DIALOG = '.jp-Dialog';

test.describe.configure({ timeout: 240_000 });

/** A virtual environment as it lies on the disk, with packages that are only their metadata. */
function venv(folder: string, packages: Record<string, string>): void {
  const site = path.join(folder, 'lib/python3.11/site-packages');
  fs.mkdirSync(site, { recursive: true });
  fs.mkdirSync(path.join(folder, 'bin'));
  fs.symlinkSync(
    fs.existsSync('/usr/bin/python3') ? '/usr/bin/python3' : process.execPath,
    path.join(folder, 'bin/python')
  );
  fs.writeFileSync(path.join(folder, 'pyvenv.cfg'), 'home = /usr/bin\nversion = 3.11.7\n');
  for (const [name, origin] of Object.entries(packages)) {
    const info = path.join(site, `${name.replaceAll(/\W/g, '_')}-1.0.dist-info`);
    fs.mkdirSync(info);
    fs.writeFileSync(
      path.join(info, 'METADATA'),
      `Metadata-Version: 2.1\nName: ${name}\nVersion: 1.0\n`
    );
    fs.writeFileSync(path.join(info, 'RECORD'), '');
    if (origin) {
      fs.writeFileSync(path.join(info, 'direct_url.json'), origin);
    }
  }
}

test('from the form to a cell that runs in the new Local environment', async ({
  deployment,
  lab
}) => {
  const { dialog, page, form, local } = lab;
  const held = await deployment.hold();
  const [library, version] = held.split('==');
  const panel = await lab.panel();
  await panel.root.getByRole('button', { name: 'New Local Environment' }).click();
  await expect(form.field('Name')).toBeFocused();
  await expect(form.field('Full Name')).toHaveCount(0);
  await form.fill({ name: 'found-x' });
  await form.press('Create');
  await expect(form.root).toContainText("'found-x' has a meaning of its own");
  await form.fill({
    name: 'scratch',
    python: await deployment.python(),
    conda: [held]
  });
  await look(lab, null, [TAB]);
  await form.press('Create');

  await expect(local.heading).toHaveText('scratch');
  await expect(local.log).toContainText('Downloading', { timeout: 30_000 });
  await expect(panel.local('scratch')).toContainText('In Progress');
  await expect(panel.local('scratch')).toContainText('downloading');
  await expect(lab.toast('scratch: Making it')).toBeVisible();
  await look(lab, null, [TAB, PANEL]);
  await deployment.release();
  await local.expectActive();
  await expect(panel.local('scratch')).toContainText('made here');
  await expect(lab.toast('scratch is ready')).toBeVisible();
  await lab.hideToasts();
  const packages = await local.section('Packages');
  await expect(local.package(packages, library)).toContainText(version);
  await look(lab, 'local-packages', [TAB, PANEL]);

  const card = (await lab.launcher()).card('scratch', 'Local Environments');
  await expect(card).toBeVisible({ timeout: 2_000 });
  await card.click();
  const module = library.replace('-', '_');
  await expect(await lab.notebook.run(`import ${module}; print(${module}.VERSION)`)).toHaveText(
    `${version}\n`,
    { timeout: 30_000 }
  );
  await expect(lab.statusBar).toContainText('Local · scratch');
  const picker = await lab.notebook.changeKernel();
  await expect(picker.option('scratch').first()).toBeAttached();
  await page.keyboard.press('Escape');
  await lab.statusBar.getByTitle('Open the Local environment scratch').click();
  await expect(local.heading).toHaveText('scratch');
  await (await local.furtherAction('Delete')).click();
  await dialog.getByRole('button', { name: 'Delete' }).click();
  await expect(dialog).toContainText('A kernel or a program runs in it');
  await dialog.getByRole('button', { name: 'Close' }).click();
});

test('copied to Local, changed in its kernel, copied back', async ({ deployment, lab }) => {
  const { page, detail, dialog, local } = lab;
  await deployment.published('mlenv', 'Machine Learning', ['numpy', 'tiny-000==1.2']);
  const panel = await lab.panel();
  await panel.open('mlenv');
  await (await detail.furtherAction('Copy to Local')).click();
  await expect(dialog.getByLabel('Name')).toHaveValue('mlenv');
  await look(lab, 'local-copy', [DIALOG]);
  await dialog.getByRole('button', { name: 'Copy to Local' }).click();
  await expect(local.heading).toHaveText('mlenv');
  await expect(local.root.getByRole('tab', { name: 'Log' })).toHaveAttribute(
    'aria-selected',
    'true'
  );
  await local.expectActive();
  await expect(local.log).toContainText('Linked');
  await expect(local.header).toContainText('mlenv v1');
  const drift = await local.section('Drift');
  await expect(drift).toContainText(
    'Nothing has changed since it was copied from mlenv version 1.'
  );

  await lab.hideToasts();
  await local.action('New Notebook').click();
  const { channels } = (await (await deployment.request.get('dataflow-envs/me')).json()) as {
    channels: string[];
  };
  const install = [
    'pip',
    'install',
    '-q',
    '--root-user-action=ignore',
    '--index-url',
    `${channels[0]}/simple`,
    'tinywheel-00'
  ];
  const output = await lab.notebook.run(
    `import subprocess, sys; print(subprocess.run([sys.executable, '-m', *${JSON.stringify(install)}]).returncode, 'returned')`
  );
  await expect(output.filter({ hasText: '0 returned' })).toBeVisible({ timeout: 60_000 });
  await panel.local('mlenv').getByRole('button', { name: 'mlenv' }).click();
  await local.section('Drift');
  await expect(drift.getByRole('row', { name: /tinywheel/ })).toContainText('added', {
    timeout: 15_000
  });
  await look(lab, 'local-drift', [TAB]);

  await local.action('Copy to Dataflow').click();
  // What is free is suggested, once the server has said what is.
  await expect(dialog.getByLabel('Short Name')).toHaveValue(/^(?!mlenv$)./);
  await dialog.getByLabel('Short Name').fill('mlenv');
  await expect(dialog).toContainText("'mlenv' is already in use");
  await dialog.getByLabel('Short Name').fill('mlen2');
  await expect(dialog).toContainText('It is free.');
  await dialog.getByLabel('Full Name').fill('Machine Learning, mine');
  await look(lab, null, [DIALOG]);
  await dialog.getByRole('button', { name: 'Copy to Dataflow' }).click();
  await expect(detail.heading).toHaveText('Machine Learning, mine');
  await detail.expectStatus('Draft', 120_000);
  await expect(detail.header).toContainText('Local mlenv');
  const libraries = await detail.section('Libraries');
  await expect(libraries.getByRole('row', { name: /^tinywheel.00/ })).toContainText('pip');

  // Its name is taken by now.
  await panel.open('mlenv');
  await (await detail.furtherAction('Copy to Local')).click();
  await expect(dialog.getByLabel('Name')).toHaveValue('mlenv-2');
  await page.keyboard.press('Escape');
});

test('what lies on the disk is shown as text, and what can not be reproduced is listed', async ({
  lab,
  server
}) => {
  const { page, dialog, local } = lab;
  page.on('dialog', shown => {
    throw new Error(`Something opened a dialog: ${shown.message()}`);
  });
  const evil = '<img src=x onerror="document.title=\'owned\'">';
  const editable = JSON.stringify({ url: 'file:///src/<b>bold', dir_info: { editable: true } });
  venv(path.join(server.venvs, evil), { 'tinywheel-00': '', mylib: editable });
  const panel = await lab.panel();
  await panel.filter.fill('onerror');
  await expect(panel.locals).toContainText([evil], { timeout: 15_000 });
  await look(lab, null, [PANEL]);
  await panel.locals.getByRole('button').first().click();
  await expect(local.heading).toHaveText(evil);
  await expect(local.header).toContainText('virtual environment, found');
  const packages = await local.section('Packages');
  await expect(local.package(packages, 'mylib')).toContainText('<b>bold');
  await look(lab, null, [TAB]);

  await expect(local.action('Install ipykernel and Activate')).toBeVisible();
  await local.action('Copy to Dataflow').click();
  await expect(dialog).toContainText('can’t be reproduced');
  await dialog.getByLabel('Short Name').fill('evil');
  await dialog.getByRole('button', { name: 'Copy to Dataflow' }).click();
  await expect(dialog).toContainText('leave them out, or cancel');
  await look(lab, null, [DIALOG]);
  await page.keyboard.press('Escape');
  expect(await page.title()).not.toContain('owned');
  await expect(page.locator('img[src="x"]')).toHaveCount(0);
  await expect(page.locator('[class*="DataflowEnvs"] b, .jp-Dialog b')).toHaveCount(0);

  await lab.reload();
  await expect(local.heading).toHaveText(evil);
  await lab.setSideBar(250);
  await panel.filter.fill('');
  await expect(panel.locals.first()).toBeVisible();
  const [inner, outer] = await panel.root.evaluate(node => [node.scrollWidth, node.clientWidth]);
  expect(inner).toBeLessThanOrEqual(outer);
  await look(lab, null, [PANEL]);
});
