import { look } from '../appearance';
import { expect, test } from '../fixtures';
import { Lab } from '../pages/lab';

const FORM = '.jp-DataflowEnvs-formView';
const SOLVED = { timeout: 60_000 };

test.use({ settings: { toasts: false } });

test('previews what would be installed or changed, and explains a conflict', async ({
  deployment,
  page
}) => {
  await deployment.built('geo', 'Geospatial Analysis', ['tiny-000=1.3', 'tiny-001']);
  const lab = await Lab.open(page);
  await lab.closeSideBar();
  let form = await lab.openForm('new');
  await form.fill({ short: 'plots', full: 'Plots', conda: ['tiny-000=1.3', 'tiny-001'] });
  await form.press('Preview');
  await expect(form.root.getByRole('table', { name: 'What would be installed' })).toContainText(
    'tiny-000=1.3',
    SOLVED
  );
  await expect(form.root.getByText(/\d+ packages, .* to download/)).toBeVisible();

  await form.fill({ conda: ['conflict-a', 'conflict-b'] });
  await expect(form.root.getByText('The form has changed since')).toBeVisible();
  await form.press('Preview');
  await expect(form.alert).toContainText("can't be installed together", SOLVED);
  await expect(form.alert).toContainText('they need different versions of shared-lib');
  await expect(form.alert).toContainText('conflict-a 1.0 requires shared-lib <2');
  await look(lab, 'form-conflict', [FORM]);

  form = await lab.openForm('edit', 'geo');
  await expect(form.field('Short Name')).toHaveValue('geo');
  await expect(form.field('Short Name')).not.toBeEditable();
  await form.fill({ conda: ['tiny-000=1.5', 'tiny-002'] });
  await form.press('Preview');
  await form.button('Cancel Preview').click();
  await form.press('Preview');
  const changes = form.root.getByRole('table', { name: 'What would change' });
  await expect(changes.getByRole('row', { name: /tiny-000/ })).toContainText('1.3', SOLVED);
  await expect(changes.getByRole('row', { name: /tiny-001/ })).toContainText('removed');
  await expect(changes.getByRole('row', { name: /tiny-002/ })).toContainText('added');
  await look(lab, 'form-preview', [FORM]);
  await form.press('Save');
  await expect(lab.tab('Edit geo')).toHaveCount(0);
  expect(await deployment.environment('geo')).toMatchObject({
    conda_requirements: ['tiny-000=1.5', 'tiny-002'],
    latest_version: 1,
    modified: true
  });
});
