import { Deployment } from '../deployment';
import { expect, test } from '../fixtures';
import { Lab } from '../pages/lab';
import { login, restOf } from '../servers';
import { soon } from '../soon';

// Logins and XSRF checks are on here, and each person has a browser of their own.

test('two people and an administrator bring an environment to everybody', async ({
  browser,
  people
}) => {
  test.setTimeout(180_000);
  const [alice, bob, root] = await Promise.all(
    (['alice', 'bob', 'root'] as const).map(async name =>
      Lab.of(await login(browser, people.url, name))
    )
  );
  const rest = await restOf(alice.page);
  const deployment = new Deployment(rest);
  await deployment.create('mine', 'Not for anybody else', []);

  // alice makes it.
  const hers = await alice.panel();
  await hers.newEnvironment();
  await alice.form.fill({
    short: 'geo',
    full: 'Geospatial Analysis',
    python: await deployment.python(),
    conda: ['tiny-000==1.2']
  });
  await alice.form.press('Save and Build');
  await alice.detail.expectStatus('Draft');
  const his = await bob.panel();
  await expect(his.root).toContainText('No environments yet');

  // She submits; root is told, looks at it, and says what is wrong.
  const theirs = await root.panel();
  await alice.detail.action('Submit for Publish').click();
  await alice.dialog.getByRole('textbox').fill('For the course in May');
  await alice.dialog.getByRole('button', { name: 'Submit for Publish' }).click();
  await alice.detail.expectStatus('Pending Approval');
  await expect(theirs.waiting).toContainText(['Geospatial Analysis']);
  await expect(root.toast('alice asks to publish')).toContainText('For the course in May');
  await root
    .toast('alice asks to publish')
    .getByRole('button', { name: /Review/ })
    .click();
  await expect(root.detail.root).toContainText('For the course in May');
  await expect(root.detail.root).toContainText('tiny-000');
  await root.detail.review.decide('Reject', 'Please with tiny-000 1.5');

  // alice reads why, mends it and submits again.
  await alice.detail.expectStatus('Draft');
  await expect(alice.toast('version 1 was rejected')).toContainText('Please with tiny-000 1.5');
  const review = await alice.detail.section('Review');
  await expect(review).toContainText('Please with tiny-000 1.5');
  await alice.detail.action('Edit').click();
  await alice.form.fill({ conda: ['tiny-000==1.5'] });
  await alice.form.press('Save and Build');
  await hers.expectStatus('geo', 'v2', 30_000);
  await alice.detail.expectStatus('Draft');
  await alice.detail.action('Submit for Publish').click();
  await alice.dialog.getByRole('button', { name: 'Submit for Publish' }).click();

  // root approves, and bob has it without doing anything.
  await root
    .toast('alice asks to publish')
    .getByRole('button', { name: /Hide|Close/ })
    .click();
  await root.openAdmin();
  await root.admin.open('geo');
  await expect(root.admin.root).toContainText('1.5');
  await root.admin.review.decide('Approve', 'Well done');
  await his.expectStatus('geo', 'Published', 10_000);
  await his.expectStatus('geo', 'v2');
  await alice.detail.expectStatus('Published');
  await expect(alice.toast('version 2 is published')).toContainText('Well done');
  await expect(bob.page.locator('.Toastify__toast')).toHaveCount(0);
  await expect(his.row('mine')).toHaveCount(0);
  const hidden = await bob.page.request.get('/dataflow-envs/environments/mine');
  expect(hidden.status()).toBe(404);

  await his.open('geo');
  await bob.detail.action('Activate').click();
  const card = (await bob.launcher()).card('Geospatial Analysis');
  await expect(card).toBeVisible({ timeout: soon() });
  await card.click();
  await expect(await bob.notebook.run('import tiny_000; print(tiny_000.VERSION)')).toHaveText(
    '1.5\n',
    { timeout: 30_000 }
  );

  await rest.dispose();
  for (const { page } of [alice, bob, root]) {
    await page.context().close();
  }
});
