import { expect, galata, test as base } from '@jupyterlab/galata';
import type { Locator } from '@playwright/test';

import { Deployment } from './deployment';
import {
  expectNoViolations,
  isPanelLoaded,
  openPanel,
  PANEL,
  picture,
  row,
  setTheme
} from './panel';

// Every test begins with no environments, whether it makes some or not.
const test = base.extend<{ deployment: Deployment }>({
  deployment: [
    async ({ request }, use) => {
      const deployment = new Deployment(request);
      await deployment.removeAll();
      await use(deployment);
      await deployment.removeAll();
    },
    { auto: true }
  ]
});

test.use({
  autoGoto: false,
  mockSettings: {
    ...galata.DEFAULT_SETTINGS,
    'jupyter_dataflow_envs:plugin': { pollInterval: 2 }
  }
});

const THEMES = ['Light', 'Dark', 'Dark High Contrast'] as const;

test('loads the panel only when it is opened, and says what to do first', async ({ page }) => {
  await page.goto();
  expect(await isPanelLoaded(page)).toBe(false);
  const panel = await openPanel(page);
  await expect(panel).toContainText('No environments yet.');
  await expect(panel.getByRole('button', { name: 'New Environment' })).toHaveCount(2);
  await expect(panel.getByRole('button', { name: 'Import…' })).toBeVisible();
  expect(await isPanelLoaded(page)).toBe(true);
  for (const theme of THEMES) {
    await setTheme(page, theme);
    await expectNoViolations(page);
    await picture(page, 'panel-empty', theme, { panelOnly: true });
  }
});

test('opens from the command palette', async ({ page }) => {
  await page.goto();
  await page.keyboard.press('Control+Shift+C');
  await page.locator('.lm-CommandPalette-input').fill('Show Environments');
  await page.keyboard.press('Enter');
  await expect(page.locator(PANEL)).toContainText('No environments yet.');
});

test('shows what people wrote as text', async ({ page, deployment }) => {
  const hostile = '<img src=x onerror="document.title = 1">';
  await deployment.create('mlenv', 'Machine Learning Environment');
  await deployment.create('rep', hostile);
  await page.goto();
  const panel = await openPanel(page);
  await expect(row(panel, 'mlenv')).toContainText('Machine Learning Environment');
  await expect(row(panel, 'rep')).toContainText(hostile);
  expect(await panel.locator('img').count()).toBe(0);
  await expect(panel.getByText('Saved')).toHaveCount(2);
});

test('follows real builds to their end by itself', async ({ page, deployment }) => {
  test.setTimeout(240_000);
  await deployment.create('geo', 'Geospatial Analysis');
  await deployment.create('mlenv', 'Machine Learning Environment', ['tiny-014']);
  await deployment.create('next', 'Forecasting, 2027 models');
  await deployment.create('pend', 'Survey Statistics');
  await deployment.create('pub', 'Climate Models for the Whole Department');
  await deployment.create('rep', 'Monthly Reporting', ['no-such-package']);
  await deployment.create('sketc', 'Sketches');
  await deployment.built('geo');
  await deployment.built('pend');
  await deployment.built('pub');
  await deployment.built('rep', 'Failed');
  await deployment.act('pend', 'submit');
  await deployment.act('pub', 'submit');
  await deployment.approve('pub');
  await deployment.act('pub', 'activate');
  await deployment.edit('geo', { conda_requirements: ['pandas'] });

  await deployment.hold('tiny-014');
  await deployment.build('mlenv');
  await deployment.build('next');
  await page.goto();
  const panel = await openPanel(page);
  await expect(row(panel, 'geo')).toContainText('v1');
  await expect(row(panel, 'geo')).toContainText('Draft');
  await expect(row(panel, 'geo')).toContainText('edited since v1');
  await expect(row(panel, 'geo').getByRole('button', { name: 'Build' })).toBeVisible();
  await expect(row(panel, 'rep')).toContainText('Failed');
  await expect(row(panel, 'rep')).toContainText('no-such-package');
  await expect(row(panel, 'sketc')).toContainText('Saved');
  await expect(row(panel, 'sketc').getByRole('button', { name: 'Build' })).toBeVisible();
  await expect(row(panel, 'pend')).toContainText('Pending Approval');
  await expect(row(panel, 'pend', 'Waiting for approval')).toBeVisible();
  await expect(row(panel, 'pub')).toContainText('Published');
  await expect(row(panel, 'pub').getByRole('button', { name: /^Active/ })).toBeVisible();
  await expect(row(panel, 'mlenv')).toContainText('In Progress');
  await expect(row(panel, 'mlenv')).toContainText(/downloading/);
  await expect(row(panel, 'next')).toContainText('queued #1');
  await expect(panel.getByRole('list', { name: 'Local Environments' })).toContainText('Python 3');
  for (const theme of THEMES) {
    await setTheme(page, theme);
    await expectNoViolations(page);
    await picture(page, 'panel', theme);
  }

  const height = (await row(panel, 'mlenv').boundingBox())!.height;
  await deployment.release();
  await expect(row(panel, 'next')).not.toContainText('queued', { timeout: 60_000 });
  await expect(row(panel, 'next')).toContainText('Draft', { timeout: 60_000 });
  await expect(row(panel, 'mlenv')).toContainText('Draft');
  await expect(panel.getByRole('progressbar')).toHaveCount(0);
  expect((await row(panel, 'mlenv').boundingBox())!.height).toBeLessThan(height);
});

test('a row keeps its height through all phases of a build', async ({ page, deployment }) => {
  test.setTimeout(120_000);
  await deployment.create('geo', 'Geospatial Analysis', ['pandas']);
  await deployment.create('mlenv', 'Machine Learning Environment');
  await page.goto();
  const panel = await openPanel(page);
  // One builds at a time: the other one waits, and goes through all phases once this is released.
  await deployment.hold('tiny-015');
  await deployment.build('geo');
  await deployment.build('mlenv');
  await expect(row(panel, 'mlenv')).toContainText('queued #1');
  const seen = await row(panel, 'mlenv').evaluateHandle(item => {
    const heights = new Set<number>();
    const phases = new Set<string>();
    const look = () => {
      if (item.querySelector('progress')) {
        heights.add(item.getBoundingClientRect().height);
        phases.add(item.querySelector('.jp-DataflowEnvs-progress')!.textContent!.split(' ')[0]);
      }
      requestAnimationFrame(look);
    };
    look();
    return { heights, phases };
  });
  await deployment.release();
  await expect(row(panel, 'mlenv')).toContainText('Draft', { timeout: 60_000 });
  const { heights, phases } = await seen.evaluate(({ heights, phases }) => ({
    heights: [...heights],
    phases: [...phases]
  }));
  expect(heights).toHaveLength(1);
  expect(phases.length).toBeGreaterThan(1);
});

test('offers everything in a menu that says why something is disabled', async ({
  page,
  deployment
}) => {
  await deployment.create('mlenv', 'Machine Learning Environment');
  await page.goto();
  const panel = await openPanel(page);
  await row(panel, 'mlenv').click({ button: 'right' });
  const menu = page.getByRole('menu', { name: 'Machine Learning Environment' });
  await expect(menu.getByRole('menuitem', { name: 'Edit' })).toBeVisible();
  const submit = menu.getByRole('menuitem', { name: 'Submit for Publish' });
  await expect(submit).toHaveAttribute('aria-disabled', 'true');
  await expect(submit).toContainText('build it first');
  await expect(submit).toHaveAccessibleDescription(/build it first/);
  await submit.click({ force: true });
  await expect(menu).toBeVisible();
  for (const theme of THEMES) {
    await setTheme(page, theme);
    await expectNoViolations(page, '.jp-DataflowEnvs-menu');
    await picture(page, 'panel-menu', theme);
  }
  await page.keyboard.press('Escape');
  await expect(menu).toHaveCount(0);
  await row(panel, 'mlenv').hover();
  await row(panel, 'mlenv').getByRole('button', { name: 'More Actions' }).click();
  await menu.getByRole('menuitem', { name: 'Open Environment' }).click();
  await expect(page.getByRole('main').getByRole('tab', { name: /mlenv|Machine/ })).toBeVisible();
});

test('lists the versions below the name, the newest first', async ({ page, deployment }) => {
  test.setTimeout(120_000);
  await deployment.create('mlenv', 'Machine Learning Environment');
  await deployment.built('mlenv');
  await deployment.edit('mlenv', { conda_requirements: ['no-such-package'] });
  await deployment.built('mlenv', 'Failed');
  await page.goto();
  const panel = await openPanel(page);
  await row(panel, 'mlenv').getByRole('button', { name: /^v2/ }).click();
  const menu = page.getByRole('menu', { name: 'Versions of Machine Learning Environment' });
  await expect(menu.locator('[role^="menuitem"]')).toHaveText([
    /^v2 · Failed · /,
    /^v1 · Draft · /
  ]);
  await expectNoViolations(page, '.jp-DataflowEnvs-menu');
  await menu.getByRole('menuitemcheckbox', { name: /^v1/ }).click();
  await expect(page.getByRole('main').getByRole('tab', { name: /mlenv|Machine/ })).toBeVisible();
});

test('everything by keyboard', async ({ page, deployment }) => {
  for (const letter of ['a', 'b', 'c']) {
    await deployment.create(`${letter}env`, `Environment ${letter.toUpperCase()}`);
  }
  await page.goto();
  const panel = await openPanel(page);
  const name = (letter: string) => panel.getByRole('button', { name: `Environment ${letter}` });
  await panel.getByRole('searchbox', { name: 'Filter environments' }).focus();
  await page.keyboard.press('ArrowDown');
  await expect(name('A')).toBeFocused();
  await page.keyboard.press('ArrowDown');
  await expect(name('B')).toBeFocused();
  await page.keyboard.press('End');
  await expect(name('C')).toBeFocused();
  await page.keyboard.press('Home');
  await expect(name('A')).toBeFocused();
  await page.keyboard.press('Tab');
  await expect(row(panel, 'aenv').getByRole('button', { name: 'More Actions' })).toBeFocused();
  await page.keyboard.press('Tab');
  await expect(row(panel, 'aenv').getByRole('button', { name: 'Build' })).toBeFocused();
  await page.keyboard.press('Shift+Tab');
  await page.keyboard.press('Shift+Tab');
  await page.keyboard.press('Shift+F10');
  const menu = page.getByRole('menu', { name: 'Environment A' });
  await expect(menu).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(name('A')).toBeFocused();
  // When the row goes that has the focus, its neighbour takes it.
  await deployment.act('aenv', 'build');
  await expect(row(panel, 'aenv')).not.toContainText('Saved');
  await expect(name('A')).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(
    page.getByRole('main').getByRole('tab', { name: /aenv|Environment A/ })
  ).toBeVisible();
});

test('filters by name, owner, status and library', async ({ page, deployment }) => {
  await deployment.create('geo', 'Geospatial Analysis', ['pandas']);
  await deployment.create('mlenv', 'Machine Learning Environment');
  await page.goto();
  const panel = await openPanel(page);
  const filter = panel.getByRole('searchbox', { name: 'Filter environments' });
  await filter.fill('machine saved');
  await expect(panel.getByRole('status').filter({ hasText: '1 of 2' })).toBeAttached();
  await expect(row(panel, 'mlenv')).toBeVisible();
  await expect(row(panel, 'geo')).toHaveCount(0);
  await filter.fill('PANDAS');
  await expect(row(panel, 'geo')).toBeVisible();
  await expect(row(panel, 'mlenv')).toHaveCount(0);
  await filter.fill('nothing like this');
  await expect(panel).toContainText('No environment matches “nothing like this”.');
  await expectNoViolations(page);
  await panel.getByRole('button', { name: 'Clear Filter' }).click();
  await expect(row(panel, 'mlenv')).toBeVisible();
});

test('remembers which sections are folded', async ({ page, deployment }) => {
  await deployment.create('mlenv', 'Machine Learning Environment');
  await page.goto();
  let panel = await openPanel(page);
  const heading = (within: Locator) => within.getByRole('button', { name: /^Local Environments/ });
  await expect(heading(panel)).toHaveAttribute('aria-expanded', 'true');
  await heading(panel).click();
  await expect(panel.getByRole('list', { name: 'Local Environments' })).toHaveCount(0);
  await page.reload();
  panel = page.locator(PANEL);
  if (!(await panel.isVisible())) {
    panel = await openPanel(page);
  }
  await expect(heading(panel)).toHaveAttribute('aria-expanded', 'false');
  await heading(panel).click();
  await expect(panel.getByRole('list', { name: 'Local Environments' })).toBeVisible();
});

test('has room in a side bar of 250 pixels', async ({ page, deployment }) => {
  test.setTimeout(120_000);
  const long = 'An environment with a name so long that no side bar in the world has room for it';
  await deployment.create('mlenv', long);
  await deployment.create('pend', 'Survey Statistics');
  await deployment.built('pend');
  await deployment.act('pend', 'submit');
  await page.goto();
  const panel = await openPanel(page);
  await expect(row(panel, 'mlenv')).toBeVisible();
  await page.sidebar.setWidth(250, 'left');
  expect((await panel.boundingBox())!.width).toBeLessThanOrEqual(260);
  expect(
    await panel.evaluate(node =>
      [...node.querySelectorAll('*')].every(
        one => one.getBoundingClientRect().right <= node.getBoundingClientRect().right + 1
      )
    )
  ).toBe(true);
  for (const theme of ['Light', 'Dark'] as const) {
    await setTheme(page, theme);
    await picture(page, 'panel-narrow', theme, { panelOnly: true });
  }
});

test('a file that is dropped opens the form with it', async ({ page }) => {
  await page.goto();
  const panel = await openPanel(page);
  await expect(panel).toContainText('No environments yet.');
  const data = await page.evaluateHandle(() => {
    const transfer = new DataTransfer();
    transfer.items.add(new File(['name: x\ndependencies:\n- pandas\n'], 'environment.yml'));
    return transfer;
  });
  const target = panel.locator('.jp-DataflowEnvs-panel');
  await target.dispatchEvent('dragenter', { dataTransfer: data });
  await expect(panel).toContainText('Drop an environment.yml');
  await target.dispatchEvent('drop', { dataTransfer: data });
  await expect(page.getByRole('main').getByRole('tab', { name: 'New Environment' })).toBeVisible();
});
