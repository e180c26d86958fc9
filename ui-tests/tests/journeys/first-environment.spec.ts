import { expect, test } from '../fixtures';
import { soon } from '../soon';

test('from nothing to a cell that runs in the new environment', async ({ deployment, lab }) => {
  const panel = await lab.panel();
  await expect(panel.root).toContainText('No environments yet');
  await panel.newEnvironment();

  const { form } = lab;
  await form.fill({
    short: 'My Env',
    full: 'Machine Learning',
    conda: ['pandas', 'numpy~=2', 'tiny-000'],
    pip: ['tiny-000', '-r other.txt']
  });
  await expect(form.root).toContainText('numpy~=2');
  await expect(form.root).toContainText('-r other.txt');
  await form.press('Save');
  await expect(form.field('Short Name')).toHaveAttribute('aria-invalid', 'true');
  await expect(form.field('Short Name')).toBeFocused();
  expect(await deployment.list()).toEqual([]);

  const slow = await deployment.hold();
  const [name, version] = slow.split('==');
  await form.fill({
    short: 'mlenv',
    python: await deployment.python(),
    conda: ['numpy', slow],
    pip: ['tinywheel-00']
  });
  await form.press('Save');
  const { detail } = lab;
  await expect(detail.heading).toHaveText('Machine Learning');
  await detail.expectStatus('Saved');
  await panel.expectStatus('mlenv', 'Saved');

  await detail.action('Build').click();
  await detail.section('Build log');
  await expect(detail.log.text).toContainText('Solving python=');
  await expect(detail.log.text).toContainText('Downloading');
  await detail.expectStatus('In Progress');
  await panel.expectStatus('mlenv', 'In Progress');
  await expect(detail.log.text).not.toContainText('Succeeded');
  await deployment.release();
  await expect(detail.log.text).toContainText('Succeeded', { timeout: 60_000 });
  await detail.expectStatus('Draft');
  await panel.expectStatus('mlenv', 'Draft');
  const libraries = await detail.section('Libraries');
  await expect(libraries.getByRole('row', { name })).toContainText(version);

  await detail.action('Activate').click();
  await expect(detail.action('New Notebook')).toBeVisible();
  const card = (await lab.launcher()).card('Machine Learning');
  await expect(card).toBeVisible({ timeout: soon() });
  await card.click();
  const module = name.replace('-', '_');
  await expect(
    await lab.notebook.run(`import ${module}, numpy; print(${module}.VERSION)`)
  ).toHaveText(`${version}\n`, { timeout: 30_000 });
  await expect(lab.statusBar).toContainText('Machine Learning');
  await expect(lab.statusBar).toContainText('v1');

  const picker = await lab.notebook.changeKernel();
  await expect(picker.option('Machine Learning (mlenv, v1)')).toBeAttached();
  await expect(picker.groups.first()).toHaveAttribute('label', 'Dataflow Environments');
});
