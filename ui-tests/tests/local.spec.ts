import AxeBuilder from '@axe-core/playwright';
import { expect, test as base } from '@playwright/test';
import * as fs from 'node:fs';
import * as path from 'node:path';

import { Lab, THEMES } from './pages/lab';
import { Deployment } from './rest';
import { newHome, removeHome, startServer } from './servers';

const IMAGES = path.resolve(__dirname, '../../docs/images');
const DOCUMENTED = ['local-drift', 'local-packages', 'local-copy'];
const PANEL = '#jupyter-dataflow-envs';
const TAB = '.jp-DataflowEnvs-tab:not(.lm-mod-hidden)';
const DIALOG = '.jp-Dialog';

interface IServed {
  url: string;
  /** Folder in which environments are found. */
  venvs: string;
  deployment: Deployment;
}

/** A server of its own: what a person has on their machine is theirs alone. */
const test = base.extend<{ lab: Lab }, { served: IServed }>({
  served: [
    async ({ playwright }, use) => {
      const home = newHome();
      const server = await startServer({ home });
      const request = await playwright.request.newContext({ baseURL: server.url });
      const deployment = new Deployment(request);
      await deployment.built('mlenv', 'Machine Learning', { conda: ['numpy', 'tiny-000==1.2'] });
      await deployment.submit('mlenv', 'For everybody');
      await deployment.decide('mlenv', 'approve');
      await use({ url: server.url, venvs: path.join(home, 'venvs'), deployment });
      await request.dispose();
      await server.stop();
      removeHome(home);
    },
    { scope: 'worker', timeout: 180_000 }
  ],
  lab: async ({ page, served }, use) => use(await Lab.open(page, served.url))
});

test.describe.configure({ timeout: 240_000 });

/** In each theme: axe finds nothing, and a picture is taken, with UPDATE_IMAGES for the documentation. */
async function look(lab: Lab, name: string, ...parts: string[]): Promise<void> {
  const { page } = lab;
  for (const theme of THEMES) {
    await lab.theme(theme);
    await page.mouse.move(0, 0);
    const builder = new AxeBuilder({ page });
    parts.forEach(part => builder.include(part));
    const { violations } = await builder.analyze();
    expect
      .soft(
        violations.map(({ id, nodes }) => [id, ...nodes.map(node => node.failureSummary ?? '')]),
        `${name} in ${theme}`
      )
      .toEqual([]);
    if (theme !== 'Dark High Contrast') {
      const file = `${name}-${theme.toLowerCase()}.png`;
      const documented = process.env.UPDATE_IMAGES && DOCUMENTED.includes(name);
      const picture = documented ? path.join(IMAGES, file) : test.info().outputPath(file);
      await page.screenshot({ animations: 'disabled', path: picture });
    }
  }
  await lab.theme('Light');
}

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

test('from the form to a cell that runs in the new Local environment', async ({ lab, served }) => {
  const { dialog, page, form, local } = lab;
  const panel = await lab.panel();
  await panel.root.getByRole('button', { name: 'New Local Environment' }).click();
  await expect(form.field('Name')).toBeFocused();
  await expect(form.field('Full Name')).toHaveCount(0);
  await form.fill({ name: 'found-x' });
  await form.press('Create');
  await expect(form.root).toContainText("'found-x' has a meaning of its own");
  await form.fill({
    name: 'scratch',
    python: await served.deployment.python(),
    conda: ['tiny-017==1.2']
  });
  await look(lab, 'local-form', TAB);
  await served.deployment.hold('tiny-017');
  await form.press('Create');

  await expect(local.heading).toHaveText('scratch');
  await expect(local.log).toContainText('Downloading', { timeout: 30_000 });
  await expect(panel.local('scratch')).toContainText('In Progress');
  await expect(panel.local('scratch')).toContainText('downloading');
  await expect(lab.toast('scratch: Making it')).toBeVisible();
  await look(lab, 'local-making', TAB, PANEL);
  await served.deployment.release();
  await local.expectActive();
  await expect(panel.local('scratch')).toContainText('made here');
  await expect(lab.toast('scratch is ready')).toBeVisible();
  await lab.hideToasts();
  const packages = await local.section('Packages');
  await expect(local.package(packages, 'tiny-017')).toContainText('1.2');
  await look(lab, 'local-packages', TAB, PANEL);

  const card = await lab.launcherCard('scratch', 'Local Environments');
  await expect(card).toBeVisible({ timeout: 2_000 });
  await card.click();
  await expect(await lab.run('import tiny_017; print(tiny_017.VERSION)')).toHaveText('1.2\n', {
    timeout: 30_000
  });
  await expect(lab.statusBar).toContainText('Local · scratch');
  const picker = await lab.kernelPicker();
  await expect(picker.option('scratch').first()).toBeAttached();
  await page.keyboard.press('Escape');
  await lab.statusBar.getByTitle('Open the Local environment scratch').click();
  await expect(local.heading).toHaveText('scratch');
  await (await local.furtherAction('Delete')).click();
  await dialog.getByRole('button', { name: 'Delete' }).click();
  await expect(dialog).toContainText('A kernel or a program runs in it');
  await dialog.getByRole('button', { name: 'Close' }).click();
});

test('copied to Local, changed in its kernel, copied back', async ({ lab, served }) => {
  const { page, detail, dialog, local } = lab;
  const panel = await lab.panel();
  await panel.open('mlenv');
  await (await detail.furtherAction('Copy to Local')).click();
  await expect(dialog.getByLabel('Name')).toHaveValue('mlenv');
  await look(lab, 'local-copy', DIALOG);
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
  const { channels } = (await (
    await page.request.get(`${served.url}/dataflow-envs/me`)
  ).json()) as {
    channels: string[];
  };
  const install = ['pip', 'install', '-q', '--index-url', `${channels[0]}/simple`, 'tinywheel-00'];
  const output = await lab.run(
    `import subprocess, sys; print(subprocess.run([sys.executable, '-m', *${JSON.stringify(install)}]).returncode, 'returned')`
  );
  await expect(output.filter({ hasText: '0 returned' })).toBeVisible({ timeout: 60_000 });
  await panel.local('mlenv').getByRole('button', { name: 'mlenv' }).click();
  await local.section('Drift');
  await expect(drift.getByRole('row', { name: /tinywheel/ })).toContainText('added', {
    timeout: 15_000
  });
  await look(lab, 'local-drift', TAB);

  await local.action('Copy to Dataflow').click();
  await expect(dialog.getByLabel('Short Name')).not.toHaveValue('mlenv');
  await dialog.getByLabel('Short Name').fill('mlenv');
  await expect(dialog).toContainText("'mlenv' is already in use");
  await dialog.getByLabel('Short Name').fill('mlen2');
  await expect(dialog).toContainText('It is free.');
  await dialog.getByLabel('Full Name').fill('Machine Learning, mine');
  await look(lab, 'local-to-dataflow', DIALOG);
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
  await lab.reload();
  await expect(detail.heading).toHaveText('Machine Learning');
});

test('what lies on the disk is shown as text, and what can not be reproduced is listed', async ({
  lab,
  served
}) => {
  const { page, dialog, local } = lab;
  page.on('dialog', shown => {
    throw new Error(`Something opened a dialog: ${shown.message()}`);
  });
  const evil = '<img src=x onerror="document.title=\'owned\'">';
  const editable = JSON.stringify({ url: 'file:///src/<b>bold', dir_info: { editable: true } });
  venv(path.join(served.venvs, evil), { 'tinywheel-00': '', mylib: editable });
  const panel = await lab.panel();
  await panel.filter.fill('onerror');
  await expect(panel.locals).toContainText([evil], { timeout: 15_000 });
  await look(lab, 'local-panel', PANEL);
  await panel.locals.getByRole('button').first().click();
  await expect(local.heading).toHaveText(evil);
  await expect(local.header).toContainText('virtual environment, found');
  const packages = await local.section('Packages');
  await expect(local.package(packages, 'mylib')).toContainText('<b>bold');
  await look(lab, 'local-found', TAB);

  await expect(local.action('Install ipykernel and Activate')).toBeVisible();
  await local.action('Copy to Dataflow').click();
  await expect(dialog).toContainText('can’t be reproduced');
  await dialog.getByLabel('Short Name').fill('evil');
  await dialog.getByRole('button', { name: 'Copy to Dataflow' }).click();
  await expect(dialog).toContainText('leave them out, or cancel');
  await look(lab, 'local-unreproducible', DIALOG);
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
  await look(lab, 'local-narrow', PANEL);
});
