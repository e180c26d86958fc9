import { expect, galata, test as base } from '@jupyterlab/galata';
import { readFile } from 'node:fs/promises';

import { Administration } from './administration';
import { Publishing } from './publishing';

const HOSTILE = '<img src=x onerror="document.title = \'owned\'">';

const test = base.extend<{ publishing: Publishing; admin: Administration }>({
  publishing: [
    async ({ request }, use) => {
      const publishing = new Publishing(request);
      await publishing.reset();
      await use(publishing);
      await publishing.reset();
    },
    { auto: true }
  ],
  admin: async ({ page }, use) => {
    await page.goto();
    await page.sidebar.close('left');
    const admin = new Administration(page);
    await admin.open();
    await use(admin);
  }
});

test.use({
  autoGoto: false,
  // Notifications of the builds that the tests make would lie over the pictures.
  mockSettings: {
    ...galata.DEFAULT_SETTINGS,
    'jupyter_dataflow_envs:plugin': { toasts: false }
  }
});
test.setTimeout(300_000);

test('a submission is rejected with a comment, submitted again, and published', async ({
  publishing,
  admin,
  page
}) => {
  const { deployment } = publishing;
  await expect(admin.root).toContainText('Nothing waits for approval.');
  await publishing.published('rep', 'Monthly Reporting', ['tiny-000=1.0', 'tiny-001=1.2']);
  await publishing.published('geo', 'Geospatial Analysis', ['tiny-000=1.0', 'tiny-002=1.2']);
  await publishing.edit('geo', ['tiny-000=1.4', 'tiny-001=1.2']);
  await publishing.build('geo');
  await publishing.submit('geo', 'New projections, for the course in May.');

  // It appears by itself.
  await expect(admin.pending('geo')).toContainText('replaces version 1');
  await expect(admin.root.getByRole('tab', { name: 'Pending 1' })).toBeVisible();
  await admin.look('pending');
  await admin.review('geo');
  const published = admin.root.getByRole('table', { name: 'What differs from geo@1' });
  await expect(published.getByRole('row', { name: /tiny-000.*up.*1\.0.*1\.4/ })).toBeVisible();
  await expect(published.getByRole('row', { name: /tiny-002.*removed/ })).toBeVisible();
  await admin.look('review');
  for (const width of [320, 1600]) {
    await page.setViewportSize({ width: width + 80, height: 800 });
    await admin.fits();
  }
  await page.setViewportSize({ width: 1280, height: 720 });

  await admin.root.getByRole('radio', { name: /Monthly Reporting.*% alike/ }).check();
  const alike = admin.root.getByRole('table', { name: 'What differs from rep@1' });
  await expect(alike.getByRole('row', { name: /tiny-000.*up/ })).toBeVisible();
  await admin.root.getByRole('radio', { name: 'Another version' }).check();
  await admin.root
    .getByRole('combobox', { name: 'Environment' })
    .selectOption('Monthly Reporting (rep)');
  await admin.root.getByRole('combobox', { name: 'Version' }).selectOption('version 1');
  await expect(alike).toBeVisible();

  await admin.button('Look for Newer Versions').click();
  await expect(
    admin.root
      .getByRole('table', { name: 'Newer versions' })
      .getByRole('row', { name: /tiny-000.*1\.4.*1\.9/ })
  ).toBeVisible();
  await admin.root.getByText('Build Log').click();
  await expect(admin.root).toContainText('Succeeded.');

  // Without a comment nobody is rejected, and the button says so.
  await expect(admin.button('Reject')).toHaveAttribute('aria-disabled', 'true');
  await expect(admin.button('Reject')).toHaveAccessibleDescription('Say why: the owner reads it.');
  await admin.button('Reject').press('Enter');
  expect((await publishing.review('geo')).state).toBe('pending');
  await admin.comment.fill('Please with tiny-000 1.5.');

  // What was typed stays over a reload, and so does what was looked at.
  await admin.reload();
  await expect(admin.comment).toHaveValue('Please with tiny-000 1.5.');
  await admin.button('Reject').click();
  await expect(admin.root.getByRole('status').first()).toContainText('Rejected');
  await expect(admin.button('Reject')).toHaveCount(0);
  expect((await publishing.review('geo')).comment).toBe('Please with tiny-000 1.5.');
  await admin.button('Back to Pending').click();
  await expect(admin.root).toContainText('Nothing waits for approval.');

  await publishing.edit('geo', ['tiny-000=1.5', 'tiny-001=1.2']);
  await publishing.build('geo');
  await publishing.submit('geo', `Now with 1.5. ${HOSTILE}`);
  await expect(admin.pending('geo')).toContainText(HOSTILE);
  await admin.review('geo');
  await expect(admin.root).toContainText(HOSTILE);
  await expect(page.locator('img[src="x"]')).toHaveCount(0);
  await admin.button('Approve').click();
  await expect(admin.root.getByRole('status').first()).toContainText('Approved');
  await expect.poll(() => deployment.status('geo')).toBe('Published');
});

test('who decides second is told who was first, and when', async ({ publishing, admin, page }) => {
  await publishing.deployment.create('geo', 'Geospatial Analysis', ['tiny-000']);
  await publishing.build('geo');
  const review = await publishing.submit('geo');
  // A connection that says nothing: the other decision is not heard of before the click.
  await page.routeWebSocket(/dataflow-envs\/events/, () => undefined);
  await admin.reload();
  await admin.review('geo');
  await admin.comment.fill('No.');
  await publishing.decide('approve', review, 'Good.');
  await admin.button('Reject').click();
  await expect(admin.root.getByRole('alert')).toContainText(
    /approved it on .*: the first decision stands/
  );
  await expect(admin.root).toContainText(/Approved · .+ · /);
  await expect(admin.root).toContainText('Good.');
  await expect(admin.button('Approve')).toHaveCount(0);
  expect((await publishing.review('geo')).state).toBe('approved');
});

test('published environments: usage, deprecation and its end, what is unused', async ({
  publishing,
  admin,
  page
}) => {
  await publishing.published('rep', 'Monthly Reporting', ['tiny-000=1.0']);
  await publishing.published('geo', 'Geospatial Analysis', ['tiny-001=1.0']);
  await publishing.activate('rep');
  await admin.section('Published');
  await expect(admin.published('rep')).toContainText('version 1');
  await admin.root.getByRole('button', { name: 'Unused 1' }).click();
  await expect(admin.published('geo')).toBeVisible();
  await expect(admin.published('rep')).toHaveCount(0);
  await admin.root.getByRole('button', { name: 'All 2' }).click();
  await admin.button('Usage of rep').click();
  await expect(
    admin.root.getByRole('table', { name: 'People who have rep active' }).getByRole('row')
  ).toHaveCount(2);
  await admin.look('published');
  for (const width of [320, 1600]) {
    await page.setViewportSize({ width: width + 80, height: 800 });
    await admin.fits();
  }
  await page.setViewportSize({ width: 1280, height: 720 });

  await admin.published('geo').getByRole('button', { name: 'Deprecate' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('textbox').fill('Use rep instead.');
  await dialog.getByRole('button', { name: 'Deprecate' }).click();
  await expect(admin.published('geo').getByTitle('Use rep instead.')).toHaveText('Deprecated');
  await admin.published('geo').getByRole('button', { name: 'Undo Deprecation' }).click();
  await expect(admin.published('geo').getByRole('button', { name: 'Deprecate' })).toBeVisible();
});

test('the policy: errors at their fields, what violates it, changes kept and asked about', async ({
  publishing,
  admin,
  page
}) => {
  await publishing.published('rep', 'Monthly Reporting', ['tiny-000=1.0']);
  await admin.section('Policy');
  await expect(admin.root).toContainText('All published environments follow the policy.');
  await admin.button('Add Denied Package').click();
  await page.keyboard.type('tiny-000');
  await admin.root.getByRole('textbox', { name: 'Versions of denied package 1' }).fill('two');
  await admin.root.getByRole('textbox', { name: 'Reason of denied package 1' }).fill('It leaks.');
  await admin.button('Add Python Version').click();
  await page.keyboard.type('python');
  await admin.root.getByRole('textbox', { name: 'Most disk space a person' }).fill('20');
  await admin.button('Save').click();
  const specifier = admin.root.getByRole('textbox', { name: 'Versions of denied package 1' });
  await expect(specifier).toHaveAccessibleDescription(/expected a specifier such as <2/);
  await expect(
    admin.root.getByRole('textbox', { name: 'Python versions offered, row 1' })
  ).toHaveAccessibleDescription(/expected a version such as 3.11/);
  await expect(admin.root.getByRole('textbox', { name: 'Name of denied package 1' })).toBeFocused();
  await admin.look('policy');
  for (const width of [320, 1600]) {
    await page.setViewportSize({ width: width + 80, height: 800 });
    await admin.fits();
  }
  await page.setViewportSize({ width: 1280, height: 720 });

  // Neither another section, nor a reload, nor closing the tab loses what was typed.
  await admin.section('Audit');
  await admin.reload();
  await admin.section('Policy');
  await specifier.fill('<2');
  await admin.button('Remove python').click();
  await page.locator('.lm-TabBar-tab.lm-mod-current .lm-TabBar-tabCloseIcon').last().click();
  const dialog = page.getByRole('dialog');
  await expect(dialog).toContainText('Discard the changes of the policy?');
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  await admin.button('Save').click();
  await expect(admin.root).toContainText(
    'Saved. 1 published environment violates it now and stays published.'
  );
  await admin.root.getByText('Monthly Reporting').click();
  const violations = admin.root.getByRole('table', { name: 'Violations of rep' });
  await expect(violations.getByRole('row', { name: /tiny-000.*It leaks\./ })).toBeVisible();
  await admin.section('Published');
  await expect(admin.published('rep')).toContainText('Against the policy');

  // A new submission that violates it can't be approved.
  await publishing.edit('rep', ['tiny-001']);
  await publishing.build('rep');
  await publishing.submit('rep');
  await admin.section('Pending');
  await admin.review('rep');
  await expect(admin.root).toContainText('Follows the policy');
  await admin.section('Policy');
  await admin.button('Add Required Package').click();
  await page.keyboard.type('tiny-005');
  await admin.button('Save').click();
  await expect(admin.root).toContainText('violates it now');
  await admin.section('Pending');
  await admin.review('rep');
  await expect(
    admin.root.getByRole('table', { name: 'Policy violations' }).getByRole('row')
  ).toHaveCount(2);
  await expect(admin.button('Approve')).toHaveAccessibleDescription(/policy does not allow/);
});

test('the audit trail: filters, live, older pages, downloads', async ({
  publishing,
  admin,
  page
}) => {
  await publishing.published('rep', 'Monthly Reporting', ['tiny-000=1.0']);
  const section = await admin.section('Audit');
  const trail = admin.root.getByRole('table', { name: 'Audit trail' });
  await expect(trail.getByRole('row', { name: /Approved.*rep/ }).first()).toBeVisible();
  await publishing.deployment.create('geo', HOSTILE, ['tiny-000']);
  await expect(trail.getByRole('row').nth(1)).toContainText('Environment created');
  await expect(trail.getByRole('row').nth(1)).toContainText('geo');
  await admin.look('audit');
  for (const width of [320, 1600]) {
    await page.setViewportSize({ width: width + 80, height: 800 });
    await admin.fits();
  }
  await page.setViewportSize({ width: 1280, height: 720 });

  await section.getByRole('combobox', { name: 'Environment' }).fill('rep');
  await section.getByRole('combobox', { name: 'What' }).selectOption('Reviews: all');
  await expect(trail.getByRole('row', { name: /Environment created/ })).toHaveCount(0);
  await expect(
    trail.getByRole('row', { name: /Submitted for publishing.*rep/ }).first()
  ).toBeVisible();
  await section.getByRole('textbox', { name: 'Who' }).fill('nobody');
  await expect(section).toContainText('Nothing like that has happened.');
  await section.getByRole('textbox', { name: 'Who' }).fill('');
  await expect(trail).toBeVisible();

  for (const [button, extension] of [
    ['Download as JSON Lines', 'jsonl'],
    ['Download as CSV', 'csv']
  ]) {
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      admin.button(button).click()
    ]);
    expect(download.suggestedFilename()).toMatch(new RegExp(`^audit-.*\\.${extension}$`));
    expect(await readFile(await download.path(), 'utf8')).toContain('review.approved');
  }
  await admin.button('Clear').click();
  await expect(trail.getByRole('row', { name: /Environment created.*geo/ }).first()).toBeVisible();
});
