import { Lab } from '../pages/lab';
import { soon } from '../soon';
import { expect, test } from '../fixtures';

test('what is done in one tab is seen in the other', async ({ deployment, lab }) => {
  const other = await Lab.open(await lab.page.context().newPage());
  const [mine, theirs] = [await lab.panel(), await other.panel()];

  await mine.newEnvironment();
  await lab.form.fill({
    short: 'mlenv',
    full: 'Machine Learning',
    python: await deployment.python(),
    conda: ['tiny-000==1.2']
  });
  await lab.form.press('Save');
  await theirs.expectStatus('mlenv', 'Saved');
  await theirs.open('mlenv');
  await other.detail.action('Build').click();
  await lab.detail.expectStatus('Draft');

  // Both have the form open: who saves last is told, and does not overwrite.
  await lab.detail.action('Edit').click();
  await other.detail.action('Edit').click();
  await other.form.fill({ full: 'Machine Learning with two' });
  await lab.form.fill({ full: 'Machine Learning with one' });
  await lab.form.press('Save');
  await expect(mine.row('mlenv')).toContainText('Machine Learning with one');
  await expect(theirs.row('mlenv')).toContainText('Machine Learning with one');
  const told = other.form.alert.filter({ hasText: 'changed' });
  await expect(told).toContainText('Machine Learning with one');
  await other.form.press('Save');
  await expect(told).toContainText('Not saved');
  expect((await deployment.environment('mlenv')).full_name).toBe('Machine Learning with one');
  await expect(other.form.field('Full Name')).toHaveValue('Machine Learning with two');

  // A kernel that one tab activates is in the other's launcher within two seconds.
  await lab.detail.action('Activate').click();
  await expect((await other.launcher()).card('Machine Learning with one')).toBeVisible({
    timeout: soon()
  });

  // A decision in one tab is a decision in both.
  await lab.detail.action('Submit for Publish').click();
  await lab.dialog.getByRole('button', { name: 'Submit for Publish' }).click();
  await theirs.expectStatus('mlenv', 'Pending Approval');
  await lab.openAdmin();
  await other.openAdmin();
  await lab.admin.open('mlenv');
  await other.admin.open('mlenv');
  await lab.admin.review.decide('Approve');
  await mine.expectStatus('mlenv', 'Published');
  await theirs.expectStatus('mlenv', 'Published');
  await expect(other.admin.review.button('Approve')).toHaveCount(0);
});
