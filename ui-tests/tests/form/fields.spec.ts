import { look } from '../appearance';
import { expect, test } from '../fixtures';
import { Lab } from '../pages/lab';

const FORM = '.jp-DataflowEnvs-formView';

test('says what is wrong while one types, and Save goes to the first of it', async ({
  deployment,
  page
}) => {
  await deployment.create('taken', 'Somebody’s');
  const lab = await Lab.open(page);
  await lab.closeSideBar();
  const form = await lab.openForm('new');
  await expect(form.field('Python Version')).toHaveValue(/^3\.\d+$/);
  await expect(form.problems).toHaveCount(0);

  await form.button('Save').click();
  await expect(form.field('Short Name')).toBeFocused();
  await expect(form.problem('Short Name')).toHaveText('expected 1 to 5 characters, such as mlenv');
  await expect(form.problem('Full Name')).toHaveText('expected a name of 1 to 100 characters');
  await expect(form.root.getByText('Not saved: 2 problems')).toBeVisible();

  await form.field('Short Name').fill('MLENV1');
  await expect(form.field('Short Name')).toHaveValue('mlenv1');
  await expect(form.root.getByText('6/5')).toBeVisible();
  await expect(form.problem('Short Name')).toHaveText(
    'expected at most 5 characters, and this has 6'
  );
  await form.field('Short Name').fill('base');
  await expect(form.problem('Short Name')).toContainText('has a meaning of its own');
  await form.field('Short Name').fill('taken');
  await expect(form.problem('Short Name')).toContainText("'taken' is already in use");
  await form.field('Short Name').fill('MLenv');
  await expect(form.field('Short Name')).toHaveAccessibleDescription('It is free.');

  await form.field('Full Name').fill('x'.repeat(101));
  await expect(form.problem('Full Name')).toContainText('at most 100 characters');
  await form.field('Full Name').fill('Machine Learning Environment');
  await form.field('Description').fill('y'.repeat(2001));
  await expect(form.problem('Description')).toContainText('at most 2,000 characters');
  await form.field('Description').fill('What the forecasts are made with.');
  await form.field('Python Version').fill('three');
  await expect(form.problem('Python Version')).toContainText('expected a version such as 3.11');
  await form.field('Python Version').fill('3.11');

  const conda = ['pandas>=2', 'numpy', 'scikit learn', '-r more.txt', 'NumPy=1'];
  await form.fill({ conda, pip: ['tinywheel-00', 'pandas'] });
  expect(await form.lines('Conda Libraries')).toEqual(conda);
  await expect(form.problem('Conda Libraries')).toHaveText([
    /Line 3\s*expected an operator after the name/,
    /Line 4\s*options such as -r are not taken/,
    /Line 5\s*'NumPy' stands in line 2 already/
  ]);
  await expect(form.problem('Pip Libraries')).toHaveText(
    /Line 2\s*'pandas' is in the conda libraries too \(line 1\): keep one of them/
  );
  await expect(form.field('Conda Libraries')).toHaveAttribute('aria-invalid', 'true');
  await expect(form.field('Conda Libraries')).toHaveAccessibleDescription(/Line 4/);
  await form.button('Save and Build').click();
  await expect(form.field('Conda Libraries')).toBeFocused();
  await expect(form.root.getByText('Not saved: 4 problems')).toBeVisible();
  await look(lab, 'form-errors', [FORM]);

  await form.fill({
    conda: ['pandas>=2', 'scikit-learn=1.5', '# for the maps', 'tiny-001'],
    pip: ['tinywheel-00']
  });
  await expect(form.problems).toHaveCount(0);
  await look(lab, 'form', [FORM]);
});

test('is saved as it was typed, once; duplicated, and a base for others', async ({
  deployment,
  page
}) => {
  await deployment.built('geo', 'Geospatial Analysis', ['tiny-000']);
  const lab = await Lab.open(page);
  const conda = ['tiny-000=1.3', '', '# why', 'tiny-001'];
  let form = await lab.openForm('new');
  await form.fill({
    short: 'mlenv',
    full: 'Machine <b>Learning</b>',
    conda,
    pip: ['tinywheel-00']
  });
  await form.press('Save');
  await expect(lab.tab('New Environment')).toHaveCount(0);
  await expect(lab.tab(/mlenv|Learning/)).toHaveCount(1);
  expect(await deployment.environment('mlenv')).toMatchObject({
    full_name: 'Machine <b>Learning</b>',
    status: 'Saved',
    conda_requirements: conda,
    pip_requirements: ['tinywheel-00'],
    latest_version: null
  });

  form = await lab.openForm('duplicate', 'mlenv');
  await expect(form.field('Short Name')).toHaveValue('');
  await expect(form.field('Full Name')).toHaveValue('Machine <b>Learning</b> (copy)');
  expect(await form.lines('Conda Libraries')).toEqual(conda);
  await form.fill({ short: 'copy' });
  await form.press('Save');
  await expect(lab.tab('Duplicate mlenv')).toHaveCount(0);
  expect(await deployment.environment('copy')).toMatchObject({ status: 'Saved' });

  form = await lab.openForm('use-as-base', 'geo');
  await expect(form.field('Base Environment')).toHaveValue('geo@1');
  await expect(form.field('Python Version')).toHaveCount(0);
  await form.fill({ short: 'child', full: 'On geo', conda: ['tiny-005'] });
  await form.press('Save');
  await expect(lab.tab('New Environment')).toHaveCount(0);
  expect(await deployment.environment('child')).toMatchObject({
    base: { short_name: 'geo', version: 1 },
    python_version: null
  });
});
