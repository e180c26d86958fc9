import { expect, test } from '../fixtures';

test('an earlier version comes back with exactly its libraries', async ({ deployment, lab }) => {
  await deployment.built('mlenv', 'Machine Learning', ['tiny-000==1.2', 'tiny-001']);
  await deployment.edit('mlenv', ['tiny-000==1.7', 'tiny-002']);
  await deployment.rebuilt('mlenv');

  const panel = await lab.panel();
  await panel.open('mlenv');
  const { detail } = lab;
  await panel.expectStatus('mlenv', 'v2');
  let libraries = await detail.section('Libraries');
  await expect(libraries.getByRole('row', { name: /^tiny-000/ })).toContainText('1.7');

  await detail.version.selectOption('1');
  await expect(libraries.getByRole('row', { name: /^tiny-000/ })).toContainText('1.2');
  await expect(libraries.getByRole('row', { name: /^tiny-001/ })).toBeVisible();
  await detail.header.getByRole('button', { name: 'Revert' }).click();
  await expect(lab.dialog).toContainText('Revert Machine Learning to version 1?');
  await lab.dialog.getByRole('button', { name: 'Revert' }).click();

  await panel.expectStatus('mlenv', 'v3', 30_000);
  await detail.expectStatus('Draft');
  libraries = await detail.section('Libraries');
  await expect(libraries.getByRole('row', { name: /^tiny-000/ })).toContainText('1.2');
  await expect(libraries.getByRole('row', { name: /^tiny-002/ })).toHaveCount(0);
  await detail.section('Build log');
  await expect(detail.log.text).toContainText(/version 1/);
  expect(await deployment.digest('mlenv', 3)).toBe(await deployment.digest('mlenv', 1));
});
