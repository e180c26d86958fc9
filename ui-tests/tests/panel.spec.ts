import { expectAccessible, look } from './appearance';
import { expect, test } from './fixtures';
import { Lab } from './pages/lab';

const PANEL = '#jupyter-dataflow-envs';
const MENU = '.jp-DataflowEnvs-menu';

test.use({ settings: { toasts: false } });

test('is loaded only when it is opened, says what to do first, and takes a dropped file', async ({
  lab
}) => {
  const { page } = lab;
  expect(await lab.fetched()).not.toContain('panel');
  const panel = await lab.panel();
  await expect(panel.root).toContainText('No environments yet.');
  await expect(panel.root.getByRole('button', { name: 'New Environment' })).toHaveCount(2);
  await expect(panel.root.getByRole('button', { name: 'Import…' })).toBeVisible();
  expect(await lab.fetched()).toContain('panel');
  await look(lab, 'panel-empty', [PANEL], PANEL);

  const dataTransfer = await page.evaluateHandle(() => {
    const transfer = new DataTransfer();
    transfer.items.add(new File(['name: x\ndependencies:\n- pandas\n'], 'environment.yml'));
    return transfer;
  });
  const target = panel.root.locator('.jp-DataflowEnvs-panel');
  await target.dispatchEvent('dragenter', { dataTransfer });
  await expect(panel.root).toContainText('Drop an environment.yml');
  await target.dispatchEvent('drop', { dataTransfer });
  await expect.poll(() => lab.form.lines('Conda Libraries')).toEqual(['pandas']);
});

test('follows real builds to their end by itself, in rows that keep their height', async ({
  page,
  deployment
}) => {
  const slow = await deployment.hold();
  await deployment.built('geo', 'Geospatial Analysis');
  await deployment.edit('geo', ['pandas']);
  await deployment.published('pub', 'Climate Models for the Whole Department', []);
  await deployment.activate('pub');
  await deployment.built('pend', 'Survey Statistics');
  await deployment.submit('pend');
  await deployment.built('rep', 'Monthly Reporting', ['no-such-package'], 'Failed');
  await deployment.create('sketc', 'Sketches');
  await deployment.create('mlenv', 'Machine Learning Environment', [slow]);
  await deployment.create('next', 'Forecasting, 2027 models');
  await deployment.build('mlenv');
  await deployment.build('next');

  const lab = await Lab.open(page);
  const panel = await lab.panel();
  await expect(panel.row('geo')).toContainText('v1');
  await expect(panel.row('geo')).toContainText('Draft');
  await expect(panel.row('geo')).toContainText('edited since v1');
  await expect(panel.row('geo').getByRole('button', { name: 'Build' })).toBeVisible();
  await expect(panel.row('rep')).toContainText('Failed');
  await expect(panel.row('rep')).toContainText('no-such-package');
  await expect(panel.row('sketc')).toContainText('Saved');
  await expect(panel.row('sketc').getByRole('button', { name: 'Build' })).toBeVisible();
  await expect(panel.row('pend')).toContainText('Pending Approval');
  await expect(panel.waiting).toContainText(['Survey Statistics']);
  await expect(panel.row('pub')).toContainText('Published');
  await expect(panel.row('pub').getByRole('button', { name: /^Active/ })).toBeVisible();
  await expect(panel.row('mlenv')).toContainText('In Progress');
  await expect(panel.row('mlenv')).toContainText(/downloading/);
  await expect(panel.row('next')).toContainText('queued #1');
  await expect(panel.root.getByRole('list', { name: 'Local Environments' })).toContainText(
    'virtual environment, found'
  );
  await look(lab, 'panel', [PANEL]);
  await lab.setSideBar(250);
  await look(lab, 'panel-narrow', [PANEL], PANEL);

  // One builds at a time: the one that waits goes through all phases once the other is released.
  const seen = await panel.row('next').evaluateHandle(row => {
    const heights = new Set<number>();
    const phases = new Set<string>();
    const watch = () => {
      if (row.querySelector('progress')) {
        heights.add(row.getBoundingClientRect().height);
        phases.add(row.querySelector('.jp-DataflowEnvs-progress')!.textContent!.split(' ')[0]);
      }
      requestAnimationFrame(watch);
    };
    watch();
    return { heights, phases };
  });
  const height = (await panel.row('mlenv').boundingBox())!.height;
  await deployment.release();
  await panel.expectStatus('next', 'Draft', 60_000);
  await panel.expectStatus('mlenv', 'Draft');
  await expect(panel.root.getByRole('progressbar')).toHaveCount(0);
  expect((await panel.row('mlenv').boundingBox())!.height).toBeLessThan(height);
  const { heights, phases } = await seen.evaluate(found => ({
    heights: [...found.heights],
    phases: [...found.phases]
  }));
  expect(heights).toHaveLength(1);
  expect(phases).toContain('queued');
  expect(phases.length, phases.join()).toBeGreaterThan(1);
});

test('offers everything in menus that say why something is disabled', async ({
  page,
  deployment
}) => {
  const name = 'Machine Learning Environment';
  await deployment.built('mlenv', name);
  await deployment.edit('mlenv', ['no-such-package']);
  await deployment.rebuilt('mlenv', 'Failed');
  await deployment.create('sketc', 'Sketches');
  const lab = await Lab.open(page);
  const panel = await lab.panel();
  await panel.row('sketc').click({ button: 'right' });
  const menu = panel.menu('Sketches');
  await expect(menu.getByRole('menuitem', { name: 'Edit' })).toBeVisible();
  const submit = menu.getByRole('menuitem', { name: 'Submit for Publish' });
  await expect(submit).toHaveAttribute('aria-disabled', 'true');
  await expect(submit).toContainText('build it first');
  await expect(submit).toHaveAccessibleDescription(/build it first/);
  await submit.click({ force: true });
  await expect(menu).toBeVisible();
  await look(lab, 'panel-menu', [MENU]);
  await submit.press('Escape');
  await expect(menu).toHaveCount(0);
  await panel.row('sketc').hover();
  await panel.row('sketc').getByRole('button', { name: 'More Actions' }).click();
  await menu.getByRole('menuitem', { name: 'Open Environment' }).click();
  await expect(lab.detail.heading).toHaveText('Sketches');

  // The versions below the name, the newest first.
  await panel.row('mlenv').getByRole('button', { name: /^v2/ }).click();
  const versions = panel.menu(`Versions of ${name}`);
  await expect(versions.locator('[role^="menuitem"]')).toHaveText([
    /^v2 · Failed · /,
    /^v1 · Draft · /
  ]);
  await expectAccessible(page, [MENU]);
  await versions.getByRole('menuitemcheckbox', { name: /^v1/ }).click();
  await expect(lab.detail.heading).toHaveText(name);
  await expect(lab.detail.version).toHaveValue('1');
});

test('everything by keyboard', async ({ page, deployment }) => {
  for (const letter of ['a', 'b', 'c']) {
    await deployment.create(`${letter}env`, `Environment ${letter.toUpperCase()}`);
  }
  const lab = await Lab.open(page);
  const panel = await lab.panel();
  await expect(panel.name('cenv')).toBeVisible();
  await expect(async () => {
    await panel.filter.focus();
    await page.keyboard.press('ArrowDown');
    // JupyterLab gives its tabs the focus some time after it says that it is there.
    await expect(panel.name('aenv')).toBeFocused({ timeout: 500 });
  }).toPass();
  await page.keyboard.press('ArrowDown');
  await expect(panel.name('benv')).toBeFocused();
  await page.keyboard.press('End');
  await expect(panel.name('cenv')).toBeFocused();
  await page.keyboard.press('Home');
  await expect(panel.name('aenv')).toBeFocused();
  const row = panel.row('aenv');
  const more = row.getByRole('button', { name: 'More Actions' });
  // The row that has the focus is the one whose buttons Tab reaches.
  await expect(more).toHaveAttribute('tabindex', '0');
  await page.keyboard.press('Tab');
  await expect(more).toBeFocused();
  await page.keyboard.press('Tab');
  await expect(row.getByRole('button', { name: 'Build' })).toBeFocused();
  await page.keyboard.press('Shift+Tab');
  await page.keyboard.press('Shift+Tab');
  await page.keyboard.press('Shift+F10');
  await expect(panel.menu('Environment A')).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(panel.name('aenv')).toBeFocused();
  // When its button goes away, the row keeps the focus.
  await deployment.build('aenv');
  await expect(row).not.toContainText('Saved');
  await expect(panel.name('aenv')).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(lab.detail.heading).toHaveText('Environment A');
});

test('filters by name, owner, status and library, and remembers what is folded', async ({
  page,
  deployment
}) => {
  await deployment.create('geo', 'Geospatial Analysis', ['pandas']);
  await deployment.create('mlenv', 'Machine Learning Environment');
  const lab = await Lab.open(page);
  const panel = await lab.panel();
  await panel.filter.fill('machine saved');
  await expect(panel.root.getByRole('status').filter({ hasText: '1 of 2' })).toBeAttached();
  await expect(panel.row('mlenv')).toBeVisible();
  await expect(panel.row('geo')).toHaveCount(0);
  await panel.filter.fill('PANDAS');
  await expect(panel.row('geo')).toBeVisible();
  await expect(panel.row('mlenv')).toHaveCount(0);
  await panel.filter.fill('nothing like this');
  await expect(panel.root).toContainText('No environment matches “nothing like this”.');
  await look(lab, null, [PANEL]);
  await panel.root.getByRole('button', { name: 'Clear Filter' }).click();
  await expect(panel.row('mlenv')).toBeVisible();

  const heading = panel.root.getByRole('button', { name: /^Local Environments/ });
  const list = panel.root.getByRole('list', { name: 'Local Environments' });
  await expect(heading).toHaveAttribute('aria-expanded', 'true');
  await heading.click();
  await expect(list).toHaveCount(0);
  await lab.reload('');
  await lab.panel();
  await expect(heading).toHaveAttribute('aria-expanded', 'false');
  await heading.click();
  await expect(list).toBeVisible();
});
