import { expect, test } from '../fixtures';

test('a build that fails says why, and once mended it is the same version', async ({
  deployment,
  lab
}) => {
  await deployment.create('rep', 'Monthly Reporting', ['conflict-a', 'conflict-b']);
  const panel = await lab.panel();
  await panel.open('rep');
  const { detail, form } = lab;
  await detail.action('Build').click();
  await detail.expectStatus('Failed');
  await panel.expectStatus('rep', 'Failed');

  await detail.section('Build log');
  await expect(detail.header).toContainText('shared-lib');
  await expect(detail.log.text).toContainText('shared-lib');
  const activate = await detail.furtherAction('Activate');
  await expect(activate).toHaveAttribute('aria-disabled', 'true');
  await expect(activate).toHaveAccessibleDescription(/.+/);
  await lab.page.keyboard.press('Escape');

  await detail.action('Edit').click();
  await expect(form.field('Full Name')).toHaveValue('Monthly Reporting');
  await form.fill({ conda: ['conflict-a'] });
  await form.press('Save and Build');
  await expect(detail.heading).toHaveText('Monthly Reporting');
  await detail.expectStatus('Draft');
  await panel.expectStatus('rep', 'v1');
  const versions = await detail.section('Versions');
  await expect(versions).toContainText(/v1|version 1/i);
  await expect(versions).not.toContainText(/v2|version 2/i);
  await detail.section('Build log');
  await expect(detail.log.text).toContainText('version 1, attempt 2');
  await expect(detail.log.text).not.toContainText('attempt 1');
});
