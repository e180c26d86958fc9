import { expectAccessible } from '../appearance';
import { expect, test } from '../fixtures';
import { Lab } from '../pages/lab';

const FORM = '.jp-DataflowEnvs-formView';

test('shows what somebody else has changed, and whose stays', async ({ deployment, page }) => {
  await deployment.create('mlenv', 'Machine Learning', ['tiny-000']);
  const lab = await Lab.open(page);
  let form = await lab.openForm('edit', 'mlenv');
  await form.fill({ conda: ['tiny-000', 'tiny-001'] });

  // The events tell of it before one saves.
  await deployment.edit('mlenv', { full_name: 'Theirs', conda_requirements: ['tiny-002'] });
  await expect(form.alert).toContainText(
    'Someone else has changed this environment while you edit it.'
  );
  await expect(form.alert.getByRole('row', { name: /Full Name/ })).toContainText('Theirs');
  await expect(form.alert.getByRole('row', { name: /Conda Libraries/ })).toContainText('tiny-002');
  await expectAccessible(page, [FORM]);
  await form.alert.getByRole('button', { name: 'Take Theirs' }).click();
  await expect(form.field('Full Name')).toHaveValue('Theirs');
  await expect.poll(() => form.lines('Conda Libraries')).toEqual(['tiny-002']);

  // Without events only the server knows, and refuses.
  await form.fill({ conda: ['tiny-003'] });
  await page.route(/dataflow-envs\/environments\/mlenv\?.*no_track/, route => route.abort());
  await deployment.edit('mlenv', { description: 'Changed once more' });
  await form.press('Save');
  await expect(form.alert).toContainText('Not saved: someone else has changed this environment');
  await form.alert.getByRole('button', { name: 'Overwrite' }).click();
  await expect(lab.tab('Edit mlenv')).toHaveCount(0);
  expect(await deployment.environment('mlenv')).toMatchObject({
    full_name: 'Theirs',
    description: '',
    conda_requirements: ['tiny-003']
  });

  // What nobody has touched follows by itself.
  form = await lab.openForm('edit', 'mlenv');
  await page.unrouteAll();
  await deployment.edit('mlenv', { full_name: 'Renamed' });
  await expect(form.field('Full Name')).toHaveValue('Renamed');
});

test('shows what the policy and the server refuse', async ({ deployment, page }) => {
  await deployment.setPolicy({
    python_versions: ['3.11'],
    denied_packages: [{ name: 'tiny-009', specifier: '', reason: 'use tiny-008 <b>instead</b>' }]
  });
  const lab = await Lab.open(page);
  const form = await lab.openForm('new');
  await expect(form.field('Python Version')).toHaveValue('3.11');
  await form.fill({ short: 'deny', full: 'Denied', conda: ['tiny-009'] });
  await form.press('Save');
  await expect(form.alert).toContainText('It was not saved.');
  const row = form.alert.getByRole('row', { name: /tiny-009/ });
  await expect(row).toContainText('use tiny-008 <b>instead</b>');
  await expect(row).toContainText('Denied packages');
  await expectAccessible(page, [FORM]);

  await form.fill({ conda: ['tiny-008'] });
  await page.context().setOffline(true);
  await form.press('Save');
  await expect(form.alert).toContainText('The Jupyter server does not answer.');
  await page.context().setOffline(false);
  await form.press('Save');
  await expect(form.root).toHaveCount(0);
});
