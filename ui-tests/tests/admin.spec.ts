import { readFile } from 'node:fs/promises';

import { look } from './appearance';
import { expect, test } from './fixtures';
import { Lab } from './pages/lab';

const HOSTILE = '<img src=x onerror="document.title = \'owned\'">';
const TAB = '.jp-DataflowEnvs-admin';

// Notifications of the builds that the tests make would lie over the pictures.
test.use({ settings: { toasts: false } });

test('a submission is compared, looked through, and rejected with a comment', async ({
  deployment,
  lab
}) => {
  const admin = await lab.openAdmin();
  await lab.closeSideBar();
  await expect(admin.root).toContainText('Nothing waits for approval.');
  await deployment.published('rep', 'Monthly Reporting', ['tiny-000=1.0', 'tiny-001=1.2']);
  await deployment.published('geo', 'Geospatial Analysis', ['tiny-000=1.0', 'tiny-002=1.2']);
  await deployment.edit('geo', ['tiny-000=1.4', 'tiny-001=1.2']);
  await deployment.rebuilt('geo');
  await deployment.submit('geo', 'New projections, for the course in May.');

  // It appears by itself.
  await expect(admin.pending('geo')).toContainText('replaces version 1');
  await expect(admin.root.getByRole('tab', { name: 'Pending 1' })).toBeVisible();
  await look(lab, 'admin-pending', [TAB]);
  await admin.open('geo');
  const published = admin.root.getByRole('table', { name: 'What differs from geo@1' });
  await expect(published.getByRole('row', { name: /tiny-000.*up.*1\.0.*1\.4/ })).toBeVisible();
  await expect(published.getByRole('row', { name: /tiny-002.*removed/ })).toBeVisible();
  await look(lab, 'admin-review', [TAB]);

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
  await expect(admin.review.button('Reject')).toHaveAttribute('aria-disabled', 'true');
  await expect(admin.review.button('Reject')).toHaveAccessibleDescription(
    'Say why: the owner reads it.'
  );
  await admin.review.button('Reject').press('Enter');
  expect((await deployment.review('geo')).state).toBe('pending');
  await admin.review.comment.fill('Please with tiny-000 1.5.');

  // What was typed stays over a reload, and so does what was looked at.
  await lab.reload();
  await expect(admin.review.comment).toHaveValue('Please with tiny-000 1.5.');
  await admin.review.button('Reject').click();
  await expect(admin.root.getByRole('status').first()).toContainText('Rejected');
  await expect(admin.review.button('Reject')).toHaveCount(0);
  expect((await deployment.review('geo')).comment).toBe('Please with tiny-000 1.5.');
  await admin.button('Back to Pending').click();
  await expect(admin.root).toContainText('Nothing waits for approval.');
});

test('who decides second is told who was first, and when', async ({ deployment, page }) => {
  await deployment.built('geo', 'Geospatial Analysis', ['tiny-000']);
  await deployment.submit('geo');
  // A connection that says nothing: the other decision is not heard of before the click.
  await page.routeWebSocket(/dataflow-envs\/events/, () => undefined);
  const lab = await Lab.open(page);
  const admin = await lab.openAdmin();
  await admin.open('geo');
  await admin.review.comment.fill('No.');
  await deployment.decide('geo', 'approve', 'Good.');
  await admin.review.button('Reject').click();
  await expect(admin.root.getByRole('alert')).toContainText(
    /approved it on .*: the first decision stands/
  );
  await expect(admin.root).toContainText(/Approved · .+ · /);
  await expect(admin.root).toContainText('Good.');
  await expect(admin.review.button('Approve')).toHaveCount(0);
  expect((await deployment.review('geo')).state).toBe('approved');
});

test('published environments: usage, deprecation and its end, what is unused', async ({
  deployment,
  page
}) => {
  await deployment.published('rep', 'Monthly Reporting', ['tiny-000=1.0']);
  await deployment.published('geo', 'Geospatial Analysis', ['tiny-001=1.0']);
  await deployment.activate('rep');
  const lab = await Lab.open(page);
  await lab.closeSideBar();
  const admin = await lab.openAdmin();
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
  await look(lab, 'admin-published', [TAB]);

  await admin.published('geo').getByRole('button', { name: 'Deprecate' }).click();
  const { dialog } = lab;
  await dialog.getByRole('textbox').fill('Use rep instead.');
  await dialog.getByRole('button', { name: 'Deprecate' }).click();
  await expect(admin.published('geo').getByTitle('Use rep instead.')).toHaveText('Deprecated');
  await admin.published('geo').getByRole('button', { name: 'Undo Deprecation' }).click();
  await expect(admin.published('geo').getByRole('button', { name: 'Deprecate' })).toBeVisible();
});

test('the policy: errors at their fields, what violates it, changes kept and asked about', async ({
  deployment,
  page
}) => {
  await deployment.published('rep', 'Monthly Reporting', ['tiny-000=1.0']);
  const lab = await Lab.open(page);
  await lab.closeSideBar();
  const admin = await lab.openAdmin();
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
  await look(lab, 'admin-policy', [TAB]);

  // Neither another section, nor a reload, nor closing the tab loses what was typed.
  await admin.section('Audit');
  await lab.reload();
  await admin.section('Policy');
  await specifier.fill('<2');
  await admin.button('Remove python').click();
  await lab.closeTab();
  const { dialog } = lab;
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
  await deployment.edit('rep', ['tiny-001']);
  await deployment.rebuilt('rep');
  await deployment.submit('rep');
  await admin.section('Pending');
  await admin.open('rep');
  await expect(admin.root).toContainText('Follows the policy');
  await admin.section('Policy');
  await admin.button('Add Required Package').click();
  await page.keyboard.type('tiny-005');
  await admin.button('Save').click();
  await expect(admin.root).toContainText('violates it now');
  await admin.section('Pending');
  await admin.open('rep');
  await expect(
    admin.root.getByRole('table', { name: 'Policy violations' }).getByRole('row')
  ).toHaveCount(2);
  await expect(admin.review.button('Approve')).toHaveAccessibleDescription(/policy does not allow/);
});

test('the audit trail: filters, live, older pages, downloads', async ({ deployment, page }) => {
  await deployment.published('rep', 'Monthly Reporting', ['tiny-000=1.0']);
  const lab = await Lab.open(page);
  await lab.closeSideBar();
  const admin = await lab.openAdmin();
  const section = await admin.section('Audit');
  const trail = admin.root.getByRole('table', { name: 'Audit trail' });
  await expect(trail.getByRole('row', { name: /Approved.*rep/ }).first()).toBeVisible();
  await deployment.create('geo', HOSTILE, ['tiny-000']);
  await expect(trail.getByRole('row').nth(1)).toContainText('Environment created');
  await expect(trail.getByRole('row').nth(1)).toContainText('geo');
  await look(lab, 'admin-audit', [TAB]);

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
