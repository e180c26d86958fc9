import { expect, test } from '../fixtures';

const FILE = `name: geo
channels:
  - conda-forge
dependencies:
  - python=PYTHON
  - tiny-000=1.2
  - tiny-001>=1,<2
  - pip:
      - tinywheel-00
      - git+https://example.org/something.git
`;

test('an environment.yml that is dropped says what became of its lines, and is built', async ({
  deployment,
  lab
}) => {
  const panel = await lab.panel();
  await panel.newEnvironment();
  const { detail, form } = lab;
  await form.drop('environment.yml', FILE.replace('PYTHON', await deployment.python()));
  await expect(form.field('Conda Libraries')).toContainText('tiny-000=1.2');
  await expect(form.field('Pip Libraries')).toContainText('tinywheel-00');
  await expect(form.field('Pip Libraries')).not.toContainText('git+');
  await expect(form.root).toContainText('git+https://example.org/something.git');
  await expect(form.root).toContainText(/line 10/i);
  await form.fill({ short: 'geo', full: 'Geospatial Analysis' });
  await form.press('Save and Build');
  await detail.expectStatus('Draft');
  const libraries = await detail.section('Libraries');
  await expect(libraries.getByRole('row', { name: /^tinywheel-00/ })).toBeVisible();
});
