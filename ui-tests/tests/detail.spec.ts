import { expect as base, galata, test } from '@jupyterlab/galata';
import type { Download } from '@playwright/test';
import * as fs from 'node:fs/promises';

import { Deployment } from './deployment';
import { DetailTab } from './detailTab';
import { setTheme, type Theme } from './panel';

// Builds go on meanwhile, and take what the machine has.
const expect = base.configure({ timeout: 20_000 });

const NAME = 'Machine Learning Environment';
const THEMES: readonly Theme[] = ['Light', 'Dark', 'Dark High Contrast'];
const HOSTILE = 'Of the <img src=x onerror="document.title=1"> <b>forecasting</b> team.';

test.use({ autoGoto: false, mockSettings: galata.DEFAULT_SETTINGS });

// One life of one environment: each test goes on where the one before has stopped.
test.describe.configure({ mode: 'serial', timeout: 180_000 });

test.beforeAll(async ({ request }) => {
  const deployment = new Deployment(request);
  await deployment.removeAll();
  await deployment.create('other', 'Another one', ['numpy']);
  await deployment.create('mlenv', NAME, ['numpy']);
  await deployment.edit('mlenv', { description: HOSTILE });
});

test.afterAll(async ({ request }) => {
  await new Deployment(request).release();
});

test('shows what a saved environment asks for, and why it can’t be used yet', async ({ page }) => {
  await page.goto();
  const tab = await DetailTab.open(page, 'mlenv');
  await expect(tab.root.getByRole('heading', { level: 1 })).toHaveText(NAME);
  await expect(tab.root).toContainText(HOSTILE);
  expect(await tab.root.locator('img').count()).toBe(0);
  await expect(tab.root).toContainText('Build to install it.');
  expect(await tab.libraries()).toEqual(['numpy', 'python']);
  await expect(tab.button('Activate')).toHaveAttribute('aria-disabled', 'true');
  await expect(tab.button('Activate')).toHaveAccessibleDescription(
    'No version has been built yet: build it first.'
  );
  await expect(await tab.menuItem('Revert')).toHaveAccessibleDescription(
    'There is no earlier version to go back to.'
  );
  await page.keyboard.press('Escape');
  await expect(tab.button('More actions')).toBeFocused();

  await tab.button('Build').click();
  await expect(tab.root).toContainText('In Progress');
  await expect(tab.button('Activate')).toHaveClass(/jp-mod-accept/, { timeout: 120_000 });
  await expect(tab.versionSelect).toHaveValue('1');
});

test('follows a build by its steps, cancels it, and builds the same version', async ({
  page,
  request
}) => {
  const deployment = new Deployment(request);
  await deployment.edit('mlenv', { conda_requirements: ['numpy', 'pandas'] });
  await page.goto();
  const tab = await DetailTab.open(page, 'mlenv');
  await expect(tab.root).toContainText('Modified');
  await expect(tab.root.getByRole('row', { name: /^pandas/ })).toContainText('not built yet');

  await deployment.hold();
  await tab.button('Build').click();
  const steps = tab.root.getByRole('group', { name: 'Build of version 2' });
  await expect(steps.locator('[aria-current=step]')).toHaveText('downloading');
  const before = await steps.boundingBox();
  for (const theme of THEMES) {
    await setTheme(page, theme);
    await tab.expectNoViolations();
    await tab.picture('building', theme);
  }
  expect(await steps.boundingBox()).toEqual(before);

  await tab.button('Cancel Build').click();
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel Build' }).click();
  await expect(tab.root).toContainText(/The build of version 2 failed: .*cancelled by/);
  await expect(tab.root.locator(':focus')).toHaveCount(1);
  await expect(tab.root).toContainText('Version 1 is the one in use.');
  for (const theme of THEMES) {
    await setTheme(page, theme);
    await tab.expectNoViolations();
    await tab.picture('failed', theme);
  }
  await tab.root.getByRole('button', { name: 'Show log' }).click();
  await expect(tab.root.getByRole('tab', { name: 'Build log' })).toHaveAttribute(
    'aria-selected',
    'true'
  );

  await deployment.release();
  await tab.button('Build').click();
  await expect(tab.root.locator('.jp-DataflowEnvs-headline')).toContainText('Draft', {
    timeout: 120_000
  });
  await tab.show('Versions');
  await expect(tab.versionRow(2)).toContainText('attempt 2');
});

test('filters and sorts libraries', async ({ page }) => {
  await page.goto();
  const tab = await DetailTab.open(page, 'mlenv');
  await expect(tab.root.getByRole('row', { name: /^pandas/ })).toContainText('Requested');
  expect((await tab.libraries()).slice(0, 5)).toEqual([
    'numpy',
    'pandas',
    'python',
    'ipykernel',
    'pip'
  ]);
  for (const theme of THEMES) {
    await setTheme(page, theme);
    await tab.expectNoViolations();
    await tab.picture('libraries', theme);
  }
  await tab.root.getByRole('button', { name: 'Added by us' }).click();
  expect(await tab.libraries()).toEqual(['ipykernel', 'pip']);
  await tab.root.getByRole('button', { name: /^All/ }).click();
  const head = tab.root.getByRole('columnheader', { name: 'Size' });
  await head.getByRole('button').click();
  await expect(head).toHaveAttribute('aria-sort', 'ascending');
  await head.getByRole('button').click();
  await expect(head).toHaveAttribute('aria-sort', 'descending');
  expect((await tab.libraries())[0]).toBe('python');
  await tab.root.getByRole('searchbox').fill('jupyter-c');
  await expect(tab.root).toContainText(/2 of \d+ libraries/);
  expect((await tab.libraries()).sort()).toEqual(['jupyter-client', 'jupyter-core']);

  await tab.root.getByRole('button', { name: 'Check for newer versions' }).click();
  await expect(tab.root.getByRole('columnheader', { name: 'Newest' })).toBeVisible();
  await expect(tab.root).toContainText('0 have newer versions');
});

test('goes back to an earlier version, exactly', async ({ page, request }) => {
  const deployment = new Deployment(request);
  await page.goto();
  const tab = await DetailTab.open(page, 'mlenv');
  await tab.versionSelect.selectOption('1');
  await expect(tab.root).toContainText('You are looking at version 1');
  await expect(tab.root.getByRole('row', { name: /^pandas/ })).toHaveCount(0);
  await tab.show('Versions');
  await expect(tab.root.getByRole('table', { name: 'From mlenv v1 to mlenv v2' })).toContainText(
    'pandas'
  );
  await expect(
    tab.versionRow(2).getByRole('button', { name: 'Revert' })
  ).toHaveAccessibleDescription('Version 2 is the one in use already.');
  for (const theme of THEMES) {
    await setTheme(page, theme);
    await tab.expectNoViolations();
    await tab.picture('versions', theme);
  }

  // Section and version outlive a reload.
  await tab.saved(['versions', '"version":1']);
  const again = await tab.reload();
  await expect(again.versionSelect).toHaveValue('1');
  await expect(again.root.getByRole('tab', { name: 'Versions' })).toHaveAttribute(
    'aria-selected',
    'true'
  );

  await again.versionRow(1).getByRole('button', { name: 'Revert' }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog).toContainText(`Revert ${NAME} to version 1?`);
  await dialog.getByRole('button', { name: 'Revert' }).click();
  await expect(again.versionRow(3)).toContainText('reverted from v1', { timeout: 60_000 });
  await expect.poll(() => deployment.status('mlenv'), { timeout: 60_000 }).toBe('Draft');
  const [first, third] = [
    await deployment.version('mlenv', 1),
    await deployment.version('mlenv', 3)
  ];
  expect(third.digest).toBe(first.digest);
  expect(third.packages.map(({ name, version, build }) => [name, version, build])).toEqual(
    first.packages.map(({ name, version, build }) => [name, version, build])
  );

  await again.root.getByRole('button', { name: 'Back to the latest' }).click();
  await expect(again.versionSelect).toHaveValue('3');
  await expect(again.root).not.toContainText('You are looking at');
});

test('compares any two versions, also of another environment', async ({ page, request }) => {
  await new Deployment(request).built('other');
  await page.goto();
  const tab = await DetailTab.open(page, 'mlenv', { section: 'versions' });
  await tab.root
    .getByRole('combobox', { name: 'Version to compare', exact: true })
    .selectOption('2');
  await expect(tab.root).toContainText(/1 removed, \d+ unchanged|[2-9] removed, \d+ unchanged/);
  await tab.root.getByRole('button', { name: /Show \d+ unchanged/ }).click();
  const table = tab.root.getByRole('table', { name: 'From mlenv v2 to mlenv v3' });
  await expect(table.getByRole('row', { name: /^ipykernel/ })).toContainText('unchanged');
  await tab.root
    .getByRole('combobox', { name: 'Environment to compare with' })
    .selectOption('other');
  await expect(tab.root.getByRole('table', { name: 'From mlenv v2 to other v1' })).toContainText(
    'pandas'
  );
});

test('exports files that other tools read', async ({ page }) => {
  await page.goto();
  const tab = await DetailTab.open(page, 'mlenv');
  const panel = await tab.show('Export');
  await expect(panel.getByRole('listitem')).toHaveCount(6);
  for (const theme of THEMES) {
    await setTheme(page, theme);
    await tab.expectNoViolations();
    await tab.picture('export', theme);
  }
  const take = async (format: string): Promise<[string, string]> => {
    const waiting = page.waitForEvent('download');
    await panel
      .getByRole('listitem', { name: format })
      .getByRole('button', { name: 'Download' })
      .click();
    const download: Download = await waiting;
    return [download.suggestedFilename(), await fs.readFile((await download.path())!, 'utf8')];
  };
  const signs: [string, RegExp][] = [
    ['conda-lock.yml', /^version: 1$/m],
    ['environment.yml', /^\s*- numpy=2/m],
    ['requested.yml', /^\s*- numpy$/m],
    ['explicit.txt', /^@EXPLICIT$/m],
    ['requirements.txt', /^# conda: numpy=/m]
  ];
  for (const [format, sign] of signs) {
    const [name, text] = await take(format);
    expect(name).toBe(`mlenv-v3.${format}`);
    expect(text).toMatch(sign);
  }
  const [, sbom] = await take('sbom.cdx.json');
  expect((JSON.parse(sbom) as { bomFormat: string }).bomFormat).toBe('CycloneDX');
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  const item = panel.getByRole('listitem', { name: 'requested.yml' });
  await item.getByRole('button', { name: 'Copy' }).click();
  await expect(item.getByRole('button', { name: 'Copied' })).toBeVisible();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toContain('- numpy');
});

test('is activated, and then offers a notebook', async ({ page }) => {
  await page.goto();
  const tab = await DetailTab.open(page, 'mlenv');
  await tab.button('Activate').focus();
  await page.keyboard.press('Enter');
  await expect(tab.button('New Notebook')).toBeVisible();
  await expect(tab.button('New Notebook')).toBeFocused();
  await expect(page.locator('.jp-DataflowEnvs-announcer')).toContainText(`${NAME} is active`);
  await (await tab.menuItem('Deactivate')).click();
  await expect(tab.button('Activate')).toBeVisible();
});

test('fits from 320 to 1600 pixels', async ({ page }) => {
  await page.goto();
  const tab = await DetailTab.open(page, 'mlenv');
  await page.sidebar.close('left');
  for (const width of [320, 1600]) {
    // The rest of the window is JupyterLab's, which has other margins in narrow ones.
    for (let turn = 0; turn < 2; turn++) {
      const room = page.viewportSize()!.width - (await tab.root.boundingBox())!.width;
      await page.setViewportSize({ width: Math.round(width + room), height: 900 });
    }
    await expect.poll(async () => Math.round((await tab.root.boundingBox())!.width)).toBe(width);
    for (const section of ['Libraries', 'Build log', 'Versions', 'Review', 'Export'] as const) {
      await tab.show(section);
      await tab.expectFits();
      await tab.picture(`${width}-${section.toLowerCase().replace(' ', '-')}`, 'Light');
    }
  }
});

test('says when the environment is gone', async ({ page, request }) => {
  await page.goto();
  const tab = await DetailTab.open(page, 'mlenv');
  await expect(tab.root.getByRole('heading', { level: 1 })).toHaveText(NAME);
  await new Deployment(request).removeAll();
  await expect(tab.root).toContainText('There is no environment "mlenv" any more.');
  await tab.expectNoViolations();
});
