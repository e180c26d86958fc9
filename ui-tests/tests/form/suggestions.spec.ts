import { expect, test } from '../fixtures';

const SOLVED = { timeout: 60_000 };

test('suggests names and versions that exist', async ({ lab }) => {
  const { keyboard } = lab.page;
  const form = await lab.openForm('new');
  const suggestions = form.root.getByRole('listbox', { name: 'Suggestions' });
  await form.field('Conda Libraries').pressSequentially('tiny-00');
  await expect(suggestions.getByRole('option', { name: 'tiny-003' })).toBeVisible(SOLVED);
  // An answer to the last key may come meanwhile, with a list in which nothing is chosen yet.
  await expect(async () => {
    await keyboard.press('ArrowDown');
    await expect(suggestions.getByRole('option', { selected: true })).toHaveText('tiny-000', {
      timeout: 500
    });
  }).toPass();
  await keyboard.press('Enter');
  await expect.poll(() => form.lines('Conda Libraries')).toEqual(['tiny-000']);
  await keyboard.type('==1.');
  await expect(suggestions.getByRole('option', { name: '1.9' })).toBeVisible(SOLVED);
  await keyboard.press('Escape');
  await expect(suggestions).toHaveCount(0);
  await keyboard.type('3');
  await keyboard.press('Enter');
  await keyboard.type('tiny-001');
  expect(await form.lines('Conda Libraries')).toEqual(['tiny-000==1.3', 'tiny-001']);
  await keyboard.press('Tab');
  await expect(form.field('Pip Libraries')).toBeFocused();
  await expect(suggestions).toHaveCount(0);
  await keyboard.type('tinywheel-0');
  await expect(suggestions.getByRole('option', { name: 'tinywheel-07' })).toBeVisible(SOLVED);
  await keyboard.press('Shift+Tab');
  await expect(form.field('Conda Libraries')).toBeFocused();

  const python = form.field('Python Version');
  await python.focus();
  await keyboard.press('ArrowDown');
  const versions = form.root.getByRole('listbox', { name: 'Versions on offer' });
  await expect(versions.getByRole('option').first()).toHaveText(/^3\.\d+newest of the series$/);
  await keyboard.press('End');
  await keyboard.press('ArrowDown');
  await keyboard.press('Enter');
  await expect(versions).toBeHidden();
  await expect(python).toHaveValue(/^3\.\d+$/);
});
