import * as fs from 'node:fs/promises';

import { expectAccessible, look } from './appearance';
import { expect, test } from './fixtures';
import { Lab } from './pages/lab';

const NAME = 'Machine Learning Environment';
const HOSTILE = 'Of the <img src=x onerror="document.title=1"> <b>forecasting</b> team.';
const TAB = '.jp-DataflowEnvs-detail';

test.use({ settings: { toasts: false } });

test('follows a build by its steps, cancels it, and builds the same version', async ({
  page,
  deployment
}) => {
  const slow = await deployment.hold();
  await deployment.create('mlenv', NAME, { conda: ['numpy'], description: HOSTILE });
  const lab = await Lab.open(page);
  const detail = await lab.openDetail('mlenv');
  await expect(detail.heading).toHaveText(NAME);
  await expect(detail.root).toContainText(HOSTILE);
  expect(await detail.root.locator('img').count()).toBe(0);
  await expect(detail.root).toContainText('Build to install it.');
  expect(await detail.libraries()).toEqual(['numpy', 'python']);
  await expect(detail.action('Activate')).toHaveAttribute('aria-disabled', 'true');
  await expect(detail.action('Activate')).toHaveAccessibleDescription(
    'No version has been built yet: build it first.'
  );
  await expect(await detail.furtherAction('Revert')).toHaveAccessibleDescription(
    'There is no earlier version to go back to.'
  );
  await page.keyboard.press('Escape');
  await expect(detail.action('More actions')).toBeFocused();
  await detail.action('Build').click();
  await expect(detail.action('Activate')).toHaveClass(/jp-mod-accept/, { timeout: 60_000 });
  await expect(detail.version).toHaveValue('1');

  await deployment.edit('mlenv', ['numpy', 'pandas', slow]);
  await expect(detail.root).toContainText('Modified');
  await expect(detail.root.getByRole('row', { name: /^pandas/ })).toContainText('not built yet');
  await detail.action('Build').click();
  const steps = detail.root.getByRole('group', { name: 'Build of version 2' });
  await expect(steps.locator('[aria-current=step]')).toHaveText('downloading');
  const before = await steps.boundingBox();
  await look(lab, 'detail-building', [TAB]);
  expect(await steps.boundingBox()).toEqual(before);

  await detail.action('Cancel Build').click();
  await lab.dialog.getByRole('button', { name: 'Cancel Build' }).click();
  await expect(detail.root).toContainText(/The build of version 2 failed: .*cancelled by/);
  await expect(detail.root.locator(':focus')).toHaveCount(1);
  await expect(detail.root).toContainText('Version 1 is the one in use.');
  await look(lab, 'detail-failed', [TAB]);
  await detail.root.getByRole('button', { name: 'Show log' }).click();
  await detail.expectSection('Build log');

  await deployment.release();
  await detail.action('Build').click();
  await detail.expectStatus('Draft');
  await detail.section('Versions');
  await expect(detail.versionRow(2)).toContainText('attempt 2');
});

test('shows the libraries, the log, the versions and their differences', async ({
  page,
  deployment
}) => {
  await deployment.built('other', 'Another one', ['numpy']);
  await deployment.built('mlenv', NAME, ['numpy']);
  await deployment.edit('mlenv', ['numpy', 'pandas']);
  await deployment.rebuilt('mlenv');
  const lab = await Lab.open(page);
  const detail = await lab.openDetail('mlenv');
  const { root } = detail;
  await expect(root.getByRole('row', { name: /^pandas/ })).toContainText('Requested');
  expect((await detail.libraries()).slice(0, 5)).toEqual([
    'numpy',
    'pandas',
    'python',
    'ipykernel',
    'pip'
  ]);
  await look(lab, 'detail-libraries', [TAB]);
  await root.getByRole('button', { name: 'Added by us' }).click();
  expect(await detail.libraries()).toEqual(['ipykernel', 'pip']);
  await root.getByRole('button', { name: /^All/ }).click();
  const head = root.getByRole('columnheader', { name: 'Size' });
  await head.getByRole('button').click();
  await expect(head).toHaveAttribute('aria-sort', 'ascending');
  await head.getByRole('button').click();
  await expect(head).toHaveAttribute('aria-sort', 'descending');
  expect((await detail.libraries())[0]).toBe('python');
  await root.getByRole('searchbox').fill('jupyter-c');
  await expect(root).toContainText(/2 of \d+ libraries/);
  expect((await detail.libraries()).sort()).toEqual(['jupyter-client', 'jupyter-core']);
  await root.getByRole('button', { name: 'Check for newer versions' }).click();
  await expect(root.getByRole('columnheader', { name: 'Newest' })).toBeVisible();
  await expect(root).toContainText('0 have newer versions');

  await detail.section('Build log');
  await expect(detail.log.text).toContainText('Succeeded');
  await look(lab, 'detail-log', [TAB]);

  await detail.version.selectOption('1');
  await expect(root).toContainText('You are looking at version 1');
  await detail.section('Libraries');
  await root.getByRole('searchbox').fill('');
  await expect(root.getByRole('row', { name: /^pandas/ })).toHaveCount(0);
  await detail.section('Versions');
  const differences = (from: string, to: string) =>
    root.getByRole('table', { name: `From ${from} to ${to}` });
  await expect(differences('mlenv v1', 'mlenv v2')).toContainText('pandas');
  await expect(
    detail.versionRow(2).getByRole('button', { name: 'Revert' })
  ).toHaveAccessibleDescription('Version 2 is the one in use already.');
  await look(lab, 'detail-versions', [TAB]);

  // Section and version outlive a reload.
  await lab.reload('"version":1');
  await expect(detail.version).toHaveValue('1');
  await detail.expectSection('Versions');

  await root.getByRole('button', { name: /Show \d+ unchanged/ }).click();
  await expect(
    differences('mlenv v1', 'mlenv v2').getByRole('row', { name: /^ipykernel/ })
  ).toContainText('unchanged');
  await root.getByRole('combobox', { name: 'Version to compare', exact: true }).selectOption('2');
  await root.getByRole('combobox', { name: 'Environment to compare with' }).selectOption('other');
  await expect(differences('mlenv v2', 'other v1')).toContainText('pandas');
  await root.getByRole('button', { name: 'Back to the latest' }).click();
  await expect(detail.version).toHaveValue('2');
  await expect(root).not.toContainText('You are looking at');
});

test('exports files that other tools read, is activated, and says when it is gone', async ({
  page,
  deployment
}) => {
  await deployment.built('mlenv', NAME, ['numpy']);
  const lab = await Lab.open(page);
  const detail = await lab.openDetail('mlenv');
  const section = await detail.section('Export');
  await expect(section.getByRole('listitem')).toHaveCount(6);
  await look(lab, 'detail-export', [TAB]);
  const take = async (format: string): Promise<[string, string]> => {
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      section
        .getByRole('listitem', { name: format })
        .getByRole('button', { name: 'Download' })
        .click()
    ]);
    return [download.suggestedFilename(), await fs.readFile(await download.path(), 'utf8')];
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
    expect(name).toBe(`mlenv-v1.${format}`);
    expect(text).toMatch(sign);
  }
  const [, sbom] = await take('sbom.cdx.json');
  expect((JSON.parse(sbom) as { bomFormat: string }).bomFormat).toBe('CycloneDX');
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  const item = section.getByRole('listitem', { name: 'requested.yml' });
  await item.getByRole('button', { name: 'Copy' }).click();
  await expect(item.getByRole('button', { name: 'Copied' })).toBeVisible();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toContain('- numpy');

  await detail.action('Activate').focus();
  await page.keyboard.press('Enter');
  await expect(detail.action('New Notebook')).toBeVisible();
  await expect(detail.action('New Notebook')).toBeFocused();
  await expect(page.locator('.jp-DataflowEnvs-announcer')).toContainText(`${NAME} is active`);
  await (await detail.furtherAction('Deactivate')).click();
  await expect(detail.action('Activate')).toBeVisible();

  await deployment.removeAll();
  await expect(detail.root).toContainText('There is no environment "mlenv" any more.');
  await expectAccessible(page, [TAB]);
});

test('a review is read and decided on in the tab too', async ({ page, deployment }) => {
  await deployment.built('viz', 'Charts for Reports', ['python-dateutil', 'tiny-004']);
  const lab = await Lab.open(page);
  const detail = await lab.openDetail('viz');
  await detail.action('Submit for Publish').click();
  await expect(lab.dialog).toContainText('Charts for Reports');
  await look(lab, 'submit', ['.jp-Dialog']);
  await lab.dialog.getByRole('textbox').fill('For the quarterly report');
  await lab.dialog.getByRole('button', { name: 'Submit for Publish' }).click();
  const section = await detail.section('Review');
  await expect(section).toContainText('For the quarterly report');
  // Its style sheet has come although nobody has opened the administrators' tab.
  await expect(detail.review.decision).toHaveCSS('position', 'sticky');
  await look(lab, 'detail-review', [TAB]);
  await detail.review.decide('Approve');
  await detail.expectStatus('Published');
});
