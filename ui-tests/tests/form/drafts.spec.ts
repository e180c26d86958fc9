import { expect, test } from '../fixtures';
import type { Lab } from '../pages/lab';

/** What the browser keeps of forms. */
function drafts({ page }: Lab): Promise<string[]> {
  return page.evaluate(() =>
    Object.keys(localStorage).filter(key => key.startsWith('jupyter_dataflow_envs:draft'))
  );
}

test('keeps what was typed over a reload, and asks before it is lost', async ({
  deployment,
  lab
}) => {
  let form = await lab.openForm('new');
  await form.fill({ short: 'kept', full: 'Kept over a reload', conda: ['tiny-000', 'tiny-001'] });
  await lab.reload();
  await expect(form.root.getByText(/^Restored from/)).toBeVisible();
  await expect(form.field('Short Name')).toHaveValue('kept');
  expect(await form.lines('Conda Libraries')).toEqual(['tiny-000', 'tiny-001']);

  await lab.closeTab();
  await lab.dialog.getByRole('button', { name: 'Cancel' }).click();
  await expect(form.field('Short Name')).toHaveValue('kept');
  await lab.closeTab();
  await lab.dialog.getByRole('button', { name: 'Save' }).click();
  await expect(form.root).toHaveCount(0);
  expect(await deployment.environment('kept')).toMatchObject({ status: 'Saved' });
  expect(await drafts(lab)).toEqual([]);

  form = await lab.openForm('edit', 'kept');
  await lab.closeTab();
  await expect(form.root).toHaveCount(0);
  form = await lab.openForm('edit', 'kept');
  await form.fill({ full: 'Changed' });
  await expect.poll(() => drafts(lab)).toHaveLength(1);
  await lab.closeTab();
  await lab.dialog.getByRole('button', { name: 'Discard' }).click();
  await expect(form.root).toHaveCount(0);
  expect(await drafts(lab)).toEqual([]);
});
