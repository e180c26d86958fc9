import type { Page } from '@playwright/test';

import { expect, test } from './fixtures';
import { Lab } from './pages/lab';

const MARKUP = '<img src=x onerror="document.title=\'owned\'"><b>bold</b>';

/** Nothing that somebody wrote has become an element, run, or opened anything. */
async function expectHarmless(page: Page): Promise<void> {
  expect(await page.title()).not.toContain('owned');
  await expect(page.locator('img[src="x"], script:text("owned")')).toHaveCount(0);
  await expect(page.locator('[class*="DataflowEnvs"] b, .jp-Dialog b, .Toastify b')).toHaveCount(0);
}

test('what people and tools wrote is shown as text, everywhere', async ({
  deployment,
  page,
  server
}) => {
  page.on('dialog', dialog => {
    throw new Error(`Something opened a dialog: ${dialog.message()}`);
  });
  await deployment.published('pub', MARKUP, []);
  await deployment.create('evil', MARKUP, {
    conda: ['tiny-000', await deployment.hold()],
    description: `${MARKUP}\n[a link](javascript:alert(1))`
  });
  const lab = await Lab.open(page);
  const panel = await lab.panel();
  const { admin, detail, form } = lab;
  await panel.filter.fill('evil');
  await expect(panel.row('evil')).toContainText(MARKUP);
  await expectHarmless(page);

  // A log with all that a tool can print, while it is followed.
  await panel.open('evil');
  await expect(detail.heading).toContainText(MARKUP);
  await expect(detail.root).toContainText('[a link](javascript:alert(1))');
  await detail.action('Build').click();
  await detail.section('Build log');
  await expect(detail.log.text).toContainText('Downloading');
  server.seed('--long-log', 'evil', '1000');
  await detail.log.search('77 <img');
  await expect(detail.log.text).toContainText('77 <img src=x onerror=');
  await detail.log.search('177 ');
  // Marks that would turn or hide text are made visible, or not there.
  expect(await detail.log.text.innerText()).not.toMatch(/[\u202a-\u202e\u2066-\u2069\u200b]/);
  await detail.log.search('277 ');
  await expect(detail.log.text).toContainText('277 downloading 100 %');
  await expectHarmless(page);
  await deployment.release();
  await detail.expectStatus('Draft');
  await expectHarmless(page);

  // Dialogs, notes and comments.
  await detail.action('Submit for Publish').click();
  await expect(lab.dialog).toContainText(MARKUP);
  await lab.dialog.getByRole('textbox').fill(MARKUP);
  await lab.dialog.getByRole('button', { name: 'Submit for Publish' }).click();
  await detail.expectStatus('Pending Approval');
  await lab.openAdmin();
  await admin.open('evil');
  await lab.hideToasts();
  await expect(admin.root).toContainText(MARKUP);
  expect(await admin.root.innerText()).not.toMatch(/[\u202a-\u202e\u200b]/);
  await expectHarmless(page);
  await admin.review.decide('Reject', MARKUP);
  for (const section of ['Published', 'Policy', 'Audit'] as const) {
    await admin.section(section);
    await expect(
      admin.root.getByRole('row').or(admin.root.getByRole('textbox')).first()
    ).toBeVisible();
    await expectHarmless(page);
  }
  await panel.open('evil');
  const review = await detail.section('Review');
  await expect(review).toContainText(MARKUP);
  expect(await review.innerText()).not.toMatch(/[\u202a-\u202e\u200b]/);
  await expectHarmless(page);

  // The form, the launcher, the picker and the status bar.
  await detail.action('Edit').click();
  await expect(form.field('Full Name')).toHaveValue(MARKUP);
  await expect(form.field('Description')).toHaveValue(new RegExp('<img src=x'));
  await form.fill({ conda: [MARKUP] });
  await expect(form.field('Conda Libraries')).toContainText(MARKUP);
  await form.paste('Conda Libraries', `dependencies:\n  - "${MARKUP.replaceAll('"', "'")}"\n`);
  await expectHarmless(page);
  await panel.open('evil');
  await detail.action('Activate').click();
  const card = (await lab.launcher()).card(MARKUP);
  await expect(card).toBeVisible();
  await card.click();
  await expect(lab.statusBar).toContainText('<img');
  const picker = await lab.notebook.changeKernel();
  await expect(picker.option(MARKUP).first()).toBeAttached();
  await expectHarmless(page);
});
