import { expect, galata, test as base } from '@jupyterlab/galata';

import { Deployment } from './deployment';
import { Form, rest } from './form';
import { setTheme } from './panel';

const THEMES = ['Light', 'Dark', 'Dark High Contrast'] as const;
const SOLVED = { timeout: 60_000 };

// Every test begins with no environments.
const test = base.extend<{ deployment: Deployment }>({
  deployment: [
    async ({ request }, use) => {
      const deployment = new Deployment(request);
      await deployment.removeAll();
      await use(deployment);
    },
    { auto: true }
  ]
});

test.use({ autoGoto: false, mockSettings: galata.DEFAULT_SETTINGS });

test('says what is wrong while one types, and Save goes to the first of it', async ({ page }) => {
  await page.goto();
  await page.sidebar.close('left');
  const form = await Form.open(page, 'new');
  await expect(form.field('Python Version')).toHaveValue(/^3\.\d+$/);
  await expect(form.root.locator('.jp-DataflowEnvs-fieldProblem')).toHaveCount(0);

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

  await form.field('Conda Libraries').fill('pandas>=2\nnumpy\nscikit learn\n-r more.txt\nNumPy=1');
  await form.field('Pip Libraries').fill('tinywheel-00\npandas');
  expect(await form.lines('Conda Libraries')).toEqual([
    'pandas>=2',
    'numpy',
    'scikit learn',
    '-r more.txt',
    'NumPy=1'
  ]);
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

  for (const theme of THEMES) {
    await setTheme(page, theme);
    await form.expectNoViolations();
    await form.picture('form-errors', theme);
  }

  await setTheme(page, 'Light');
  await form.field('Conda Libraries').fill('pandas>=2\nscikit-learn=1.5\n# for the maps\ntiny-001');
  await form.field('Pip Libraries').fill('tinywheel-00');
  await expect(form.root.locator('.jp-DataflowEnvs-fieldProblem')).toHaveCount(0);
  for (const theme of THEMES) {
    await setTheme(page, theme);
    await form.picture('form', theme);
  }
});

test('is saved once, and its name is taken from then on', async ({ page, deployment, request }) => {
  await deployment.create('taken', 'Somebody’s');
  await page.goto();
  let form = await Form.open(page, 'new');
  await form.field('Short Name').fill('taken');
  await expect(form.problem('Short Name')).toContainText("'taken' is already in use");
  await form.field('Short Name').fill('mlenv');
  await form.field('Full Name').fill('Machine <b>Learning</b>');
  await form.field('Conda Libraries').fill('tiny-000=1.3\n\n# why\ntiny-001');
  await form.field('Pip Libraries').fill('tinywheel-00');
  await form.button('Save').click();
  await expect(page.getByRole('tab', { name: 'New Environment' })).toHaveCount(0);
  await expect(page.getByRole('tab', { name: /mlenv|Learning/ })).toHaveCount(1);
  expect(await rest(request).environment('mlenv')).toMatchObject({
    full_name: 'Machine <b>Learning</b>',
    status: 'Saved',
    conda_requirements: ['tiny-000=1.3', '', '# why', 'tiny-001'],
    pip_requirements: ['tinywheel-00'],
    latest_version: null
  });

  form = await Form.open(page, 'duplicate', 'mlenv');
  await expect(form.field('Short Name')).toHaveValue('');
  await expect(form.field('Full Name')).toHaveValue('Machine <b>Learning</b> (copy)');
  expect(await form.lines('Conda Libraries')).toEqual(['tiny-000=1.3', '', '# why', 'tiny-001']);
  await form.field('Short Name').fill('copy');
  await form.button('Save').click();
  await expect(page.getByRole('tab', { name: 'Duplicate mlenv' })).toHaveCount(0);
  expect(await rest(request).environment('copy')).toMatchObject({ status: 'Saved' });
});

test('saves and builds, previews what an edit changes, and is a base for others', async ({
  page,
  request
}) => {
  test.setTimeout(180_000);
  await page.goto();
  await page.sidebar.close('left');
  let form = await Form.open(page, 'new');
  await form.field('Short Name').fill('geo');
  await form.field('Full Name').fill('Geospatial Analysis');
  await form.field('Conda Libraries').fill('tiny-000=1.3\ntiny-001');
  await form.button('Preview').click();
  await expect(form.root.getByRole('table', { name: 'What would be installed' })).toContainText(
    'tiny-000=1.3',
    SOLVED
  );
  await expect(form.root.getByText(/\d+ packages, .* to download/)).toBeVisible();
  await form.button('Save and Build').click();
  await expect(page.getByRole('tab', { name: 'New Environment' })).toHaveCount(0);
  await expect
    .poll(async () => (await rest(request).environment('geo')).status, { timeout: 90_000 })
    .toBe('Draft');

  form = await Form.open(page, 'edit', 'geo');
  await expect(form.field('Short Name')).toHaveValue('geo');
  await expect(form.field('Short Name')).not.toBeEditable();
  await form.field('Conda Libraries').fill('tiny-000=1.5\ntiny-002');
  await form.button('Preview').click();
  await expect(form.button('Cancel Preview')).toBeVisible();
  await form.button('Cancel Preview').click();
  await expect(form.button('Preview')).toBeVisible();
  await form.button('Preview').click();
  const changes = form.root.getByRole('table', { name: 'What would change' });
  await expect(changes.getByRole('row', { name: /tiny-000/ })).toContainText('1.3', SOLVED);
  await expect(changes.getByRole('row', { name: /tiny-001/ })).toContainText('removed');
  await expect(changes.getByRole('row', { name: /tiny-002/ })).toContainText('added');
  for (const theme of THEMES) {
    await setTheme(page, theme);
    await form.expectNoViolations();
    await form.picture('form-preview', theme);
  }
  await setTheme(page, 'Light');
  await form.button('Save').click();
  await expect(page.getByRole('tab', { name: 'Edit geo' })).toHaveCount(0);
  expect(await rest(request).environment('geo')).toMatchObject({
    conda_requirements: ['tiny-000=1.5', 'tiny-002'],
    latest_version: 1,
    modified: true
  });

  form = await Form.open(page, 'use-as-base', 'geo');
  await expect(form.field('Base Environment')).toHaveValue('geo@1');
  await expect(form.field('Python Version')).toHaveCount(0);
  await form.field('Short Name').fill('child');
  await form.field('Full Name').fill('On geo');
  await form.field('Conda Libraries').fill('tiny-005');
  await form.button('Save').click();
  await expect(page.getByRole('tab', { name: 'New Environment' })).toHaveCount(0);
  expect(await rest(request).environment('child')).toMatchObject({
    base: { short_name: 'geo', version: 1 },
    python_version: null
  });
});

test('shows what somebody else has changed, and whose stays', async ({
  page,
  deployment,
  request
}) => {
  await deployment.create('mlenv', 'Machine Learning', ['tiny-000']);
  await page.goto();
  let form = await Form.open(page, 'edit', 'mlenv');
  await form.field('Conda Libraries').fill('tiny-000\ntiny-001');

  // The events tell of it before one saves.
  await rest(request).edit('mlenv', { full_name: 'Theirs', conda_requirements: ['tiny-002'] });
  const note = form.root.getByRole('alert');
  await expect(note).toContainText('Someone else has changed this environment while you edit it.');
  await expect(note.getByRole('row', { name: /Full Name/ })).toContainText('Theirs');
  await expect(note.getByRole('row', { name: /Conda Libraries/ })).toContainText('tiny-002');
  await form.expectNoViolations();
  await form.picture('form-theirs', 'Light');
  await note.getByRole('button', { name: 'Take Theirs' }).click();
  await expect(form.field('Full Name')).toHaveValue('Theirs');
  await expect.poll(() => form.lines('Conda Libraries')).toEqual(['tiny-002']);

  // Without events only the server knows, and refuses.
  await form.field('Conda Libraries').fill('tiny-003');
  await page.route(/dataflow-envs\/environments\/mlenv\?.*no_track/, route => route.abort());
  await rest(request).edit('mlenv', { description: 'Changed once more' });
  await form.button('Save').click();
  await expect(note).toContainText('Not saved: someone else has changed this environment');
  await note.getByRole('button', { name: 'Overwrite' }).click();
  await expect(page.getByRole('tab', { name: 'Edit mlenv' })).toHaveCount(0);
  expect(await rest(request).environment('mlenv')).toMatchObject({
    full_name: 'Theirs',
    description: '',
    conda_requirements: ['tiny-003']
  });

  // What nobody has touched follows by itself.
  form = await Form.open(page, 'edit', 'mlenv');
  await page.unrouteAll();
  await rest(request).edit('mlenv', { full_name: 'Renamed' });
  await expect(form.field('Full Name')).toHaveValue('Renamed');
});

test('explains a conflict of libraries', async ({ page }) => {
  await page.goto();
  await page.sidebar.close('left');
  const form = await Form.open(page, 'new');
  await form.field('Short Name').fill('mlenv');
  await form.field('Full Name').fill('Machine Learning Environment');
  await form.field('Conda Libraries').fill('conflict-a\nconflict-b');
  await expect(form.field('Python Version')).not.toHaveValue('');
  await form.button('Preview').click();
  const refusal = form.root.getByRole('alert');
  await expect(refusal).toContainText("can't be installed together", SOLVED);
  await expect(refusal).toContainText('they need different versions of shared-lib');
  await expect(refusal).toContainText('conflict-a 1.0 requires shared-lib <2');
  for (const theme of THEMES) {
    await setTheme(page, theme);
    await form.expectNoViolations();
    await form.picture('form-conflict', theme);
  }
  await form.field('Conda Libraries').fill('conflict-a');
  await expect(form.root.getByText('The form has changed since')).toBeVisible();
});

test('reads a pasted, dropped or chosen file, and says what became of each line', async ({
  page
}) => {
  await page.goto();
  await page.sidebar.close('left');
  let form = await Form.open(page, 'new');
  await form.paste('Conda Libraries', 'tiny-000\ntiny-001>=1');
  expect(await form.lines('Conda Libraries')).toEqual(['tiny-000', 'tiny-001>=1']);
  await form.paste(
    'Pip Libraries',
    [
      'name: maps',
      'channels: [conda-forge]',
      'dependencies:',
      '  - python=3.11',
      '  - pandas=2.1.*',
      '  - numpy<2',
      '  - pip:',
      '    - rich',
      '    - -r <img src=x onerror=alert(1)>\u202etxt.exe',
      ''
    ].join('\n')
  );
  const account = form.root.getByRole('status', { name: 'Import' });
  await expect(account).toContainText('Read environment.yml');
  await expect(account).toContainText('numpy<2');
  await expect(account).toContainText('<img src=x onerror=alert(1)>\ufffdtxt.exe');
  expect(await form.root.locator('img').count()).toBe(0);
  await expect(form.field('Short Name')).toHaveValue('maps');
  await expect(form.field('Python Version')).toHaveValue('3.11');
  await expect.poll(() => form.lines('Conda Libraries')).toContain('pandas=2.1');
  await expect.poll(() => form.lines('Pip Libraries')).toEqual(['rich']);
  for (const theme of THEMES) {
    await setTheme(page, theme);
    await form.expectNoViolations();
    await form.picture('form-import', theme);
  }
  await account.getByRole('button', { name: 'Undo Import' }).click();
  await expect(account).toHaveCount(0);
  await expect.poll(() => form.lines('Conda Libraries')).toEqual(['tiny-000', 'tiny-001>=1']);

  await form.drop(
    form.field('Conda Libraries'),
    'requirements.txt',
    '# pinned\ntinywheel-00==1.2\n--index-url https://bob:secret@example.org\n'
  );
  await expect(account).toContainText('Read requirements.txt');
  await expect(account).not.toContainText('secret');
  await expect.poll(() => form.lines('Pip Libraries')).toEqual(['tinywheel-00==1.2']);
  await form.button('Discard').click();
  await page.getByRole('dialog').getByRole('button', { name: 'Discard' }).click();

  form = await Form.open(page, 'import');
  await expect(form.root.getByText('Drop an environment.yml')).toBeVisible();
  await expect(form.button('Import…')).toBeFocused();
  await form.picture('form-dropzone', 'Light');
  const choosing = page.waitForEvent('filechooser');
  await form.button('Import…').click();
  await (
    await choosing
  ).setFiles({
    name: 'explicit.txt',
    mimeType: 'text/plain',
    buffer: Buffer.from('@EXPLICIT\nhttps://example.org/noarch/tiny-000-1.3-0.conda\n')
  });
  await expect(account).toContainText('Read explicit.txt');
  await expect.poll(() => form.lines('Conda Libraries')).toContain('tiny-000==1.3');
});

test('suggests names and versions that exist', async ({ page }) => {
  await page.goto();
  const form = await Form.open(page, 'new');
  const suggestions = form.root.getByRole('listbox', { name: 'Suggestions' });
  await form.field('Conda Libraries').pressSequentially('tiny-00');
  await expect(suggestions.getByRole('option', { name: 'tiny-003' })).toBeVisible(SOLVED);
  // An answer to the last key may come meanwhile, with a list in which nothing is chosen yet.
  await expect(async () => {
    await page.keyboard.press('ArrowDown');
    await expect(suggestions.getByRole('option', { selected: true })).toHaveText('tiny-000', {
      timeout: 500
    });
  }).toPass();
  await page.keyboard.press('Enter');
  expect(await form.lines('Conda Libraries')).toEqual(['tiny-000']);
  await page.keyboard.type('==1.');
  await expect(suggestions.getByRole('option', { name: '1.9' })).toBeVisible(SOLVED);
  await page.keyboard.press('Escape');
  await expect(suggestions).toHaveCount(0);
  await page.keyboard.type('3');
  await page.keyboard.press('Enter');
  await page.keyboard.type('tiny-001');
  expect(await form.lines('Conda Libraries')).toEqual(['tiny-000==1.3', 'tiny-001']);
  await page.keyboard.press('Tab');
  await expect(form.field('Pip Libraries')).toBeFocused();
  await expect(suggestions).toHaveCount(0);
  await page.keyboard.type('tinywheel-0');
  await expect(suggestions.getByRole('option', { name: 'tinywheel-07' })).toBeVisible(SOLVED);
  await page.keyboard.press('Shift+Tab');
  await expect(form.field('Conda Libraries')).toBeFocused();

  const python = form.field('Python Version');
  await python.focus();
  await page.keyboard.press('ArrowDown');
  const versions = form.root.getByRole('listbox', { name: 'Versions on offer' });
  await expect(versions.getByRole('option').first()).toHaveText(/^3\.\d+newest of the series$/);
  await page.keyboard.press('End');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await expect(versions).toBeHidden();
  await expect(python).toHaveValue(/^3\.\d+$/);
});

test('keeps what was typed over a reload, and asks before it is lost', async ({
  page,
  request
}) => {
  await page.goto();
  let form = await Form.open(page, 'new');
  await form.field('Short Name').fill('kept');
  await form.field('Full Name').fill('Kept over a reload');
  await form.field('Conda Libraries').fill('tiny-000\ntiny-001');
  const saved = page.waitForResponse(
    response => response.url().includes('/api/workspaces') && response.request().method() === 'PUT'
  );
  await saved;
  // galata's own reload waits for the launcher, which is not in front.
  await Promise.all([
    page.waitForEvent('domcontentloaded'),
    page.evaluate(() => window.location.reload())
  ]);
  form = new Form(page);
  await expect(form.root.getByText(/^Restored from/)).toBeVisible({ timeout: 30_000 });
  await expect(form.field('Short Name')).toHaveValue('kept');
  expect(await form.lines('Conda Libraries')).toEqual(['tiny-000', 'tiny-001']);

  const close = () =>
    page.evaluate(() => void window.jupyterapp.commands.execute('application:close'));
  const dialog = page.getByRole('dialog');
  await close();
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  await expect(form.field('Short Name')).toHaveValue('kept');
  await close();
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(form.root).toHaveCount(0);
  expect(await rest(request).environment('kept')).toMatchObject({ status: 'Saved' });
  expect(await drafts(page)).toEqual([]);

  form = await Form.open(page, 'edit', 'kept');
  await close();
  await expect(form.root).toHaveCount(0);
  form = await Form.open(page, 'edit', 'kept');
  await form.field('Full Name').fill('Changed');
  expect(await drafts(page)).toHaveLength(1);
  await close();
  await dialog.getByRole('button', { name: 'Discard' }).click();
  await expect(form.root).toHaveCount(0);
  expect(await drafts(page)).toEqual([]);
});

test('works by the keyboard alone, and in any width', async ({ page, request }) => {
  await page.goto();
  await page.sidebar.close('left');
  const form = await Form.open(page, 'new');
  await expect(form.field('Python Version')).not.toHaveValue('');
  await form.field('Short Name').focus();
  const { keyboard } = page;
  await keyboard.type('keys');
  await keyboard.press('Tab');
  await keyboard.type('By keyboard');
  await keyboard.press('Tab');
  await keyboard.type('No mouse');
  await keyboard.press('Tab');
  await expect(form.field('Base Environment')).toBeFocused();
  await keyboard.press('Tab');
  await expect(form.field('Python Version')).toBeFocused();
  await keyboard.press('Tab');
  await keyboard.type('tiny-000');
  await keyboard.press('Tab');
  await keyboard.type('tinywheel-01');
  await keyboard.press('Tab');
  await expect(form.root.locator('summary')).toBeFocused();

  for (const width of [320, 700, 1600]) {
    await page.setViewportSize({ width, height: 800 });
    await expect
      .poll(() => form.root.evaluate(view => view.scrollWidth - view.clientWidth))
      .toBe(0);
    for (const label of ['Short Name', 'Conda Libraries', 'Pip Libraries']) {
      await form.field(label).scrollIntoViewIfNeeded();
      await expect(form.field(label)).toBeInViewport();
    }
    await form.picture(`form-${width}`, 'Light');
  }
  await keyboard.press('Tab');
  await expect(form.button('Save')).toBeFocused();
  await keyboard.press('Enter');
  await expect(form.root).toHaveCount(0);
  expect(await rest(request).environment('keys')).toMatchObject({
    full_name: 'By keyboard',
    description: 'No mouse',
    conda_requirements: ['tiny-000'],
    pip_requirements: ['tinywheel-01']
  });
});

test('shows what the policy and the server refuse', async ({ page, request }) => {
  const policy = await rest(request).policy();
  await rest(request).setPolicy({
    ...policy,
    python_versions: ['3.11'],
    denied_packages: [{ name: 'tiny-009', specifier: '', reason: 'use tiny-008 <b>instead</b>' }]
  });
  try {
    await page.goto();
    const form = await Form.open(page, 'new');
    await expect(form.field('Python Version')).toHaveValue('3.11');
    await form.field('Short Name').fill('deny');
    await form.field('Full Name').fill('Denied');
    await form.field('Conda Libraries').fill('tiny-009');
    await form.button('Save').click();
    const refusal = form.root.getByRole('alert');
    await expect(refusal).toContainText('It was not saved.');
    const row = refusal.getByRole('row', { name: /tiny-009/ });
    await expect(row).toContainText('use tiny-008 <b>instead</b>');
    await expect(row).toContainText('denied_packages');
    await form.expectNoViolations();
    await form.picture('form-policy', 'Light');

    await form.field('Conda Libraries').fill('tiny-008');
    await page.context().setOffline(true);
    await form.button('Save').click();
    await expect(refusal).toContainText('The Jupyter server does not answer.');
    await page.context().setOffline(false);
    await form.button('Save').click();
    await expect(form.root).toHaveCount(0);
  } finally {
    await rest(request).setPolicy(policy);
  }
});

function drafts(page: { evaluate: <T>(read: () => T) => Promise<T> }): Promise<string[]> {
  return page.evaluate(() =>
    Object.keys(localStorage).filter(key => key.startsWith('jupyter_dataflow_envs:draft'))
  );
}
