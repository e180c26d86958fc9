import { look } from '../appearance';
import { expect, test } from '../fixtures';

const FORM = '.jp-DataflowEnvs-formView';
const HOSTILE = '<img src=x onerror=alert(1)>';

test('reads a pasted, dropped or chosen file, and says what became of each line', async ({
  lab
}) => {
  const { page } = lab;
  await lab.closeSideBar();
  let form = await lab.openForm('new');
  await form.paste('Conda Libraries', 'tiny-000\ntiny-001>=1');
  await expect.poll(() => form.lines('Conda Libraries')).toEqual(['tiny-000', 'tiny-001>=1']);
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
      `    - -r ${HOSTILE}\u202etxt.exe`,
      ''
    ].join('\n')
  );
  const account = form.root.getByRole('status', { name: 'Import' });
  await expect(account).toContainText('Read environment.yml');
  await expect(account).toContainText('numpy<2');
  await expect(account).toContainText(`${HOSTILE}\ufffdtxt.exe`);
  expect(await form.root.locator('img').count()).toBe(0);
  await expect(form.field('Short Name')).toHaveValue('maps');
  await expect(form.field('Python Version')).toHaveValue('3.11');
  await expect.poll(() => form.lines('Conda Libraries')).toContain('pandas=2.1');
  await expect.poll(() => form.lines('Pip Libraries')).toEqual(['rich']);
  await look(lab, 'form-import', [FORM]);
  await account.getByRole('button', { name: 'Undo Import' }).click();
  await expect(account).toHaveCount(0);
  await expect.poll(() => form.lines('Conda Libraries')).toEqual(['tiny-000', 'tiny-001>=1']);

  await form.drop(
    'requirements.txt',
    '# pinned\ntinywheel-00==1.2\n--index-url https://bob:secret@example.org\n'
  );
  await expect(account).toContainText('Read requirements.txt');
  await expect(account).not.toContainText('secret');
  await expect.poll(() => form.lines('Pip Libraries')).toEqual(['tinywheel-00==1.2']);
  await form.button('Discard').click();
  await lab.dialog.getByRole('button', { name: 'Discard' }).click();
  // Else what follows would find the form that goes.
  await expect(form.root).toHaveCount(0);

  form = await lab.openForm('import');
  await expect(form.root.getByText('Drop an environment.yml')).toBeVisible();
  await expect(form.button('Import…')).toBeFocused();
  const [chooser] = await Promise.all([
    page.waitForEvent('filechooser'),
    form.button('Import…').click()
  ]);
  await chooser.setFiles({
    name: 'explicit.txt',
    mimeType: 'text/plain',
    buffer: Buffer.from('@EXPLICIT\nhttps://example.org/noarch/tiny-000-1.3-0.conda\n')
  });
  await expect(account).toContainText('Read explicit.txt');
  await expect.poll(() => form.lines('Conda Libraries')).toContain('tiny-000==1.3');
});
