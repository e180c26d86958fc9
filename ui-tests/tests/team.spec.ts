import { expectAccessible, picture } from './appearance';
import { Lab } from './pages/lab';
import { expect, test } from './team';

const AWAY = "The environment service can't be reached";
const PANEL = '#jupyter-dataflow-envs';

// The whole of it: a hub, servers under accounts of their own, the service, PostgreSQL, Dask. One team, one file.

test.skip(
  process.platform !== 'linux' || process.geteuid?.() !== 0,
  'accounts of their own for people can be made by root on Linux only'
);
test.describe.configure({ mode: 'serial', timeout: 240_000 });

let alice: Lab;
let bob: Lab;
let boss: Lab;

test.beforeAll(async ({ browser, team }) => {
  [alice, bob, boss] = await Promise.all(
    (['alice', 'bob', 'boss'] as const).map(who => team.open(browser, who))
  );
});

test.afterAll(async () => {
  await Promise.all([alice, bob, boss].map(lab => lab?.page.context().close()));
});

test('what alice makes and boss approves in the browser runs in a cell of bob', async ({
  team
}) => {
  const { people, prefixes, uids } = team.told;
  const his = await bob.panel();
  await expect(his.root).toContainText('No environments yet');

  // alice makes it, and sees how it is built.
  const hers = await alice.panel();
  await hers.newEnvironment();
  await alice.form.fill({
    short: 'geo',
    full: 'Geospatial Analysis',
    python: await team.python(),
    conda: ['tiny-000==1.2']
  });
  await team.hold('tiny-000-1.2');
  await alice.form.press('Save and Build');
  const { detail } = alice;
  await detail.section('Build log');
  await expect(detail.log.text).toContainText(`asked for by ${people.alice}`);
  await expect(detail.log.text).toContainText('Building on worker');
  await expect(detail.log.text).toContainText('Downloading');
  await detail.expectStatus('In Progress');
  await team.release();
  await expect(detail.log.text).toContainText('Succeeded', { timeout: 60_000 });
  await detail.expectStatus('Draft');
  await expect(his.row('geo')).toHaveCount(0);
  await detail.action('Submit for Publish').click();
  await alice.dialog.getByRole('textbox').fill('For the course in May');
  await alice.dialog.getByRole('button', { name: 'Submit for Publish' }).click();
  await detail.expectStatus('Pending Approval');

  // boss sees it in her own JupyterLab, which leads her to where she decides.
  const theirs = await boss.panel();
  await expect(theirs.waiting).toContainText(['Geospatial Analysis']);
  await boss.openAdmin();
  await boss.admin.open('geo');
  await expect(boss.admin.root).toContainText('For the course in May');
  await expect(boss.admin.review.button('Approve')).toHaveCount(0);
  const opened = boss.page.context().waitForEvent('page');
  // The service asks the hub who she is: it knows nothing of her JupyterLab.
  const asked = boss.page
    .context()
    .waitForEvent('request', request => request.url().includes('/hub/api/oauth2/authorize'));
  await boss.admin.review.decision
    .getByRole('button', { name: 'Decide on the Environment Service…' })
    .click();
  const page = await opened;
  await asked;
  await expect(page.getByRole('heading', { level: 1 })).toContainText('Geospatial Analysis');
  await expect(page.getByText('For the course in May')).toBeVisible();
  await page.getByRole('textbox', { name: 'Comment' }).fill('Well done');
  await page.getByRole('button', { name: 'Approve' }).click();
  await expect(page.getByRole('status')).toHaveText('Version 1 of geo is published.');
  await page.close();

  // Everybody has it without doing anything.
  await detail.expectStatus('Published');
  await expect(alice.toast('version 1 is published')).toContainText('Well done');
  await expect(theirs.waiting).toHaveCount(0);
  await his.expectStatus('geo', 'Published');

  // bob runs it: the service's files, as himself.
  await his.open('geo');
  await bob.detail.action('Activate').click();
  await expect(bob.detail.action('New Notebook')).toBeVisible({ timeout: 30_000 });
  await (await bob.launcher()).card('Geospatial Analysis').click();
  await bob.notebook.expectKernel('Geospatial Analysis');
  const printed = await bob.notebook.run(
    'import os, sys, tiny_000; print(sys.prefix, os.getuid(), tiny_000.VERSION)'
  );
  await expect(printed).toHaveText(new RegExp(`^${prefixes}/[^/ ]+ ${uids.bob} 1\\.2\\n$`), {
    timeout: 30_000
  });
});

test('without the service bob works on, and it comes back by itself', async ({ team }) => {
  const his = await bob.panel();
  let hers = await alice.panel();
  await his.expectStatus('geo', 'Published');
  team.takeServiceAway();
  const alert = his.root.getByRole('alert');
  try {
    await expect(alert).toContainText(AWAY, { timeout: 30_000 });
    await expect(alert).toContainText('Trying again…');
    // What was read before is still there to look at, and to run.
    await his.expectStatus('geo', 'Published');
    await expect(await bob.notebook.run('print(6 * 7)')).toHaveText('42\n');
    for (const theme of ['Dark', 'Light'] as const) {
      await bob.theme(theme);
      await expectAccessible(bob.page, [PANEL], theme);
      await picture(bob.page, 'panel-away', theme, PANEL);
    }
    await his.local('tools').getByRole('button', { name: 'tools', exact: true }).click();
    await expect(bob.local.heading).toHaveText('tools');
    await bob.local.section('Packages');
    // Who only comes now reads the same, and nothing of what was.
    await alice.page.reload();
    alice = await Lab.of(alice.page);
    hers = await alice.panel();
    await expect(hers.root.getByRole('alert')).toContainText(AWAY);
    await expect(hers.rows).toHaveCount(0);
    await expect(hers.locals.first()).toBeVisible();
  } finally {
    team.bringServiceBack();
  }
  await expect(alert).toHaveCount(0, { timeout: 60_000 });
  await hers.expectStatus('geo', 'Published', 60_000);
  await his.open('geo');
  await bob.detail.expectStatus('Published');
  await bob.detail.section('Versions');
  await expect(bob.detail.versionRow(1)).toBeVisible();
});
