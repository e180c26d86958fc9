import AxeBuilder from '@axe-core/playwright';
import { expect, type Locator, type Page, test } from '@playwright/test';
import * as path from 'node:path';

import { Deployment } from './rest';
import { Lab, THEMES } from './pages/lab';

const IMAGES = path.resolve(__dirname, '../../docs/images');
/** Other views are pictured where they are tested. */
const DOCUMENTED = ['detail-log', 'detail-review', 'notebook', 'submit'];
const PANEL = '#jupyter-dataflow-envs';
const TAB = '.jp-DataflowEnvs-tab:not(.lm-mod-hidden)';
const DIALOG = '.jp-Dialog';

// The environments that every test here looks at; none changes them.
test.beforeAll(async ({ playwright, baseURL }) => {
  const request = await playwright.request.newContext({ baseURL });
  const deployment = new Deployment(request);
  await deployment.reset();
  await deployment.built('mlenv', 'Machine Learning', {
    conda: ['numpy>=2', 'tiny-000==1.2'],
    pip: ['tinywheel-00'],
    description: 'For the course “Learning from data”. Ask Alice before you change it.'
  });
  await deployment.activate('mlenv');
  await deployment.edit('mlenv', ['numpy>=2', 'tiny-000==1.5', 'tiny-001']);
  await deployment.rebuilt('mlenv');
  await deployment.built('geo', 'Geospatial Analysis', ['numpy', 'tiny-003==1.1']);
  await deployment.submit('geo', 'For everybody who draws maps');
  await deployment.decide('geo', 'approve', 'Thank you.');
  await deployment.built('viz', 'Charts for Reports', ['python-dateutil', 'tiny-004']);
  await deployment.submit('viz', 'For the quarterly report');
  await deployment.create('rep', 'Monthly Reporting', ['conflict-a', 'conflict-b']);
  await deployment.rebuilt('rep', 'Failed');
  await deployment.create('sketc', 'Sketches');
  // What an earlier turn of this has downloaded can't be held.
  const fresh = `tiny-018==1.${Number(process.env.TEST_WORKER_INDEX) % 10}`;
  await deployment.create('next', 'Forecasting, 2027 models', ['numpy', fresh]);
  await deployment.hold('tiny-018');
  await deployment.build('next');
  await request.dispose();
});

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

async function enter(page: Page): Promise<Lab> {
  const lab = await Lab.open(page);
  await lab.panel();
  return lab;
}

async function shown(locator: Locator): Promise<void> {
  await expect(locator.first()).toBeVisible();
}

test('the panel', async ({ page }) => {
  const lab = await enter(page);
  const panel = await lab.panel();
  await panel.expectStatus('next', 'downloading');
  await shown(await lab.launcherCard('Machine Learning'));
  await look(lab, 'panel', PANEL);
  await panel.filter.fill('nothing is called so');
  await expect(panel.rows).toHaveCount(0);
  await look(lab, 'panel-filtered', PANEL);
});

test('the tab of an environment', async ({ page }) => {
  const lab = await enter(page);
  const panel = await lab.panel();
  const { detail } = lab;
  await panel.open('mlenv');
  for (const [section, name] of [
    ['Libraries', 'detail-libraries'],
    ['Build log', 'detail-log'],
    ['Versions', 'detail-versions'],
    ['Review', 'detail-draft'],
    ['Export', 'detail-export']
  ] as const) {
    await detail.section(section);
    await look(lab, name, TAB);
  }
  await panel.open('next');
  await detail.section('Build log');
  await expect(detail.log.root).toContainText('Downloading');
  await look(lab, 'detail-building', TAB, PANEL);
  await panel.open('rep');
  await detail.section('Build log');
  await expect(detail.log.root).toContainText('shared-lib');
  await look(lab, 'detail-failed', TAB);
  await panel.open('viz');
  await detail.section('Review');
  // Its style sheet has come although nobody has opened the administrators' tab.
  await expect(detail.review.decision).toHaveCSS('position', 'sticky');
  await look(lab, 'detail-review', TAB);
});

test('the form', async ({ page }) => {
  const lab = await enter(page);
  const panel = await lab.panel();
  await panel.newEnvironment();
  const { form } = lab;
  await form.fill({
    short: 'plots',
    full: 'Plots and Maps',
    python: '3.11',
    conda: ['pandas>=2', 'tiny-000==1.2', 'numpy~=2'],
    pip: ['tinywheel-00']
  });
  await expect(form.root).toContainText('numpy~=2');
  await look(lab, 'form', TAB);
  await form.drop('environment.yml', 'dependencies:\n  - pandas\n  - pip:\n      - -e .\n');
  await expect(form.root).toContainText('-e .');
  await look(lab, 'import', TAB);
  await form.fill({ conda: ['pandas>=2', 'tiny-000==1.2'] });
  await form.press('Preview');
  await expect(form.root.or(lab.dialog).filter({ hasText: 'added' }).first()).toBeVisible({
    timeout: 30_000
  });
  await look(lab, 'preview', TAB);
});

test('the administrators’ tab', async ({ page }) => {
  const lab = await enter(page);
  const { admin } = lab;
  await lab.menu('Admin', 'Python Environments');
  for (const section of ['Pending', 'Published', 'Policy', 'Audit'] as const) {
    await admin.section(section);
    await look(lab, `admin-${section.toLowerCase()}`, TAB);
  }
  await admin.open('viz');
  await shown(admin.review.button('Approve'));
  await look(lab, 'admin-review', TAB);
  const panel = await lab.panel();
  await panel.open('mlenv');
  await lab.detail.action('Submit for Publish').click();
  await shown(lab.dialog);
  await look(lab, 'submit', DIALOG);
  await lab.dialog.getByRole('button', { name: 'Cancel' }).click();
});

test('notebook: picker and status bar', async ({ page }) => {
  const lab = await enter(page);
  const card = await lab.launcherCard('Machine Learning');
  await card.click();
  await expect(await lab.run('import numpy; numpy.__name__')).toContainText('numpy', {
    timeout: 30_000
  });
  await expect(lab.statusBar).toContainText('Machine Learning');
  const picker = await lab.kernelPicker();
  await look(lab, 'picker', DIALOG);
  await picker.root
    .getByRole('button', { name: 'No Kernel' })
    .or(picker.root.getByRole('button', { name: 'Cancel' }))
    .first()
    .click();
  await look(lab, 'notebook', '#jp-main-statusbar [class*="DataflowEnvs"]');
});
