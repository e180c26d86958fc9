import { look } from './appearance';
import { expect, test } from './fixtures';
import { Lab } from './pages/lab';

const LOG = '.jp-DataflowEnvs-log';

test.use({ settings: { toasts: false } });

test('shows a build live; a cut connection and a reload leave it whole', async ({
  page,
  deployment,
  server
}) => {
  let broken = false;
  const open = new Set<() => Promise<void>>();
  await page.routeWebSocket(/log\/stream/, async socket => {
    if (broken) {
      await socket.close({ code: 1011 });
      return;
    }
    socket.connectToServer();
    open.add(() => socket.close({ code: 1011 }));
  });
  await deployment.create('live', 'Watched live', [await deployment.hold()]);
  await deployment.build('live');
  const lab = await Lab.open(page);
  const { log } = await lab.openDetail('live', 'Build log');
  await expect(log.text).toContainText('Downloading');
  await expect(log.root).toContainText(/Building for \d/);
  await expect(log.root.getByRole('button', { name: 'downloading' })).toBeVisible();

  broken = true;
  for (const cut of open) {
    await cut();
  }
  const lost = log.root.getByRole('status').getByText('Connection lost, trying again…');
  await expect(lost).toBeVisible();
  server.seed('--long-log', 'live', '3');
  broken = false;
  await expect(log.text).toContainText('3 linked package-3', { timeout: 30_000 });
  await expect(lost).toHaveCount(0);

  await lab.reload();
  await expect(log.text).toContainText('3 linked package-3');
  await deployment.release();
  await expect(log.root).toContainText('Succeeded in', { timeout: 60_000 });
  await expect(log.root).toContainText('s in all.');
  await log.expectWhole(await deployment.log('live', 1));
  await expect(log.root.getByRole('navigation').getByRole('button')).toHaveText([
    'solving',
    'downloading',
    'linking',
    'verifying',
    'end'
  ]);
});

test('waits for the build, says why it failed, with its lines; earlier attempts stay', async ({
  page,
  deployment
}) => {
  await deployment.create('first', 'Goes first', [await deployment.hold()]);
  await deployment.build('first');
  await deployment.create('next', 'Conflicts', ['conflict-a', 'conflict-b']);
  await deployment.build('next');
  const lab = await Lab.open(page);
  const { log } = await lab.openDetail('next', 'Build log');
  await expect(log.root).toContainText('The build waits for its turn.');
  await deployment.release();
  await expect(log.root).toContainText('Failed after', { timeout: 60_000 });
  await log.expectWhole(await deployment.log('next', 1));

  await deployment.rebuilt('next', 'Failed');
  const second = log.root.getByRole('textbox', { name: 'Log of version 1, attempt 2' });
  await expect(second).toContainText('attempt 2');
  await expect(log.root).toContainText('Failed after');
  const failure = log.root.getByRole('region', { name: 'Why the build failed' });
  await expect(failure).toContainText('different versions of shared-lib');
  await expect(failure.locator('pre')).toContainText('requires shared-lib >=2');
  await failure.getByRole('button', { name: /^Show lines \d+ to \d+ of the log$/ }).click();
  await expect(second).toBeFocused();
  await log.root.getByRole('combobox', { name: 'Attempt' }).selectOption('Attempt 1 of 2');
  await expect(log.text).toContainText('Building next version 1, attempt 1');
  expect(await log.downloaded()).toBe(await deployment.log('next', 1, 1));
  await look(lab, null, [LOG]);
});

test('a long and hostile log: text, search, follow, wrap, copy, download', async ({
  page,
  deployment,
  server
}) => {
  await deployment.create('long', 'Long', [await deployment.hold()]);
  await deployment.build('long');
  const lab = await Lab.open(page);
  const { log } = await lab.openDetail('long', 'Build log');
  await expect(log.text).toContainText('Downloading');
  server.seed('--long-log', 'long', '3000');
  await expect(log.text).toContainText('3000 linked');

  await log.text.focus();
  await page.keyboard.press('Control+Home');
  await expect(log.text).toContainText('Solving');
  await expect(log.root.locator('.jp-mod-text-red').first()).toHaveText('red');
  server.seed('--long-log', 'long', '200');
  const more = log.button(/200 new lines$/);
  await expect(more).toBeVisible();
  expect((await log.scrolled()).top).toBe(0);
  await more.click();
  await expect
    .poll(async () => {
      const { top, end } = await log.scrolled();
      return end - top;
    })
    .toBeLessThan(8);
  await expect(more).toHaveCount(0);

  await log.text.press('Control+f');
  const box = log.root.getByRole('searchbox');
  await expect(box).toBeFocused();
  await box.fill('<IMG SRC=x');
  const search = log.root.getByRole('search');
  await expect(search).toContainText(/^\d of 7$/);
  await expect(log.root.locator('.jp-mod-current')).toHaveText('<img src=x');
  await expect(log.text.locator('img')).toHaveCount(0);
  const before = await search.getByRole('status').textContent();
  await box.press('Enter');
  await expect(search.getByRole('status')).not.toHaveText(before!);
  await box.press('Shift+Enter');
  await expect(search.getByRole('status')).toHaveText(before!);
  await box.fill('gnp.txt');
  await expect(log.root.locator('.cm-specialChar').first()).toBeVisible();
  await box.press('Escape');
  await expect(search).toHaveCount(0);
  expect(await page.title()).not.toContain('owned');

  const wrap = log.button('Wrap long lines');
  await expect(wrap).toHaveAttribute('aria-pressed', 'true');
  await wrap.click();
  await expect(wrap).toHaveAttribute('aria-pressed', 'false');
  await expect(log.root.locator('.cm-lineWrapping')).toHaveCount(0);
  await wrap.click();
  await expect(log.root.locator('.cm-lineWrapping')).toHaveCount(1);

  expect(await log.downloaded()).toBe(await deployment.log('long', 1));
  await log.text.focus();
  await page.keyboard.press('Control+a');
  const copied = await log.copied();
  await expect(log.button('Copied')).toBeVisible();
  expect(copied.split('\n').length).toBeGreaterThan(3200);
  expect(copied).toContain('277 downloading 100 %');
  expect(copied).not.toContain('\u001b[');

  await page.setViewportSize({ width: 640, height: 700 });
  await lab.closeSideBar();
  await log.text.focus();
  await page.keyboard.press('Control+Home');
  await look(lab, null, [LOG]);
});

test('a line of a million characters is read, searched and copied', async ({
  page,
  deployment,
  server
}) => {
  await deployment.create('line', 'One line', [await deployment.hold()]);
  await deployment.build('line');
  const lab = await Lab.open(page);
  const { log } = await lab.openDetail('line', 'Build log');
  await expect(log.text).toContainText('Downloading');
  server.seed('--long-line', 'line', '1000000');
  await expect(log.text).toContainText('behind the long line');
  const rest = log.button(/^Show 10,000 of [\d,]+ more characters$/);
  await expect(rest).toHaveCount(1);
  const first = await rest.textContent();
  await rest.press('Enter');
  await expect(log.text).toBeFocused();
  await expect(rest).not.toHaveText(first!);
  const second = await rest.textContent();
  await page.keyboard.press('Enter');
  await expect(rest).not.toHaveText(second!);
  await rest.scrollIntoViewIfNeeded();
  await look(lab, null, [LOG]);

  await log.search('30000 and more');
  await expect(log.root.locator('.jp-mod-current').first()).toBeVisible();
  await expect(log.root.getByRole('search')).toContainText('1 of 1');
  await log.text.press('Control+a');
  expect((await log.copied()).length).toBeGreaterThan(1_000_000);
});

test('says that its version was deleted', async ({ page, deployment }) => {
  // With the news of it the whole tab would say so; they can be late, or lost.
  await page.routeWebSocket(/dataflow-envs\/events/, () => undefined);
  await deployment.create('gone', 'Deleted', [await deployment.hold()]);
  await deployment.build('gone');
  const lab = await Lab.open(page);
  const { log } = await lab.openDetail('gone', 'Build log');
  await expect(log.text).toContainText('Downloading');
  await deployment.remove('gone');
  await expect(log.root.getByText('This version was deleted')).toBeVisible();
  await expect(log.root.getByText('Connection lost')).toHaveCount(0);
});
