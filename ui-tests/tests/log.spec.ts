import AxeBuilder from '@axe-core/playwright';
import {
  type APIRequestContext,
  expect,
  type Locator,
  type Page,
  request as requests,
  test
} from '@playwright/test';
import * as fs from 'node:fs';

import { openLog, scrolled } from './buildLog';
import { Deployment } from './deployment';
import { type IServer, newHome, removeHome, seed, startChannel, startServer } from './servers';

let home: string;
let channel: Awaited<ReturnType<typeof startChannel>>;
let server: IServer;
let rest: APIRequestContext;
let deployment: Deployment;

test.describe.configure({ timeout: 120_000 });

test.beforeAll(async () => {
  test.setTimeout(180_000);
  home = newHome();
  channel = await startChannel();
  server = await startServer({ home, channel: channel.url });
  rest = await requests.newContext({ baseURL: `${server.url}/` });
  deployment = new Deployment(rest);
});

test.afterEach(async () => {
  await deployment.release();
});

test.afterAll(async () => {
  await server?.stop();
  await channel?.stop();
  removeHome(home);
});

/** From now on this package does not arrive. Each test takes another: what has arrived once is in the cache. */
async function hold(name: string): Promise<void> {
  expect((await rest.get(`${channel.url}/hold/${name}`)).ok()).toBe(true);
}

/** The log as the server has it. */
async function logOf(shortName: string, attempt = 0): Promise<Buffer> {
  const parts: Buffer[] = [];
  for (let offset = 0; ;) {
    const answer = await rest.get(
      `dataflow-envs/environments/${shortName}/versions/1/log?attempt=${attempt}&offset=${offset}`
    );
    expect(answer.status()).toBe(200);
    const part = await answer.body();
    if (part.length === 0) {
      return Buffer.concat(parts);
    }
    parts.push(part);
    offset = Number(answer.headers()['x-next-offset']);
  }
}

async function downloaded(page: Page, log: Locator): Promise<Buffer> {
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    log.getByRole('button', { name: 'Download the log' }).click()
  ]);
  return fs.readFileSync(await download.path());
}

/** The lines of a log that is short enough to be drawn as a whole. */
async function drawn(log: Locator): Promise<string> {
  return (await log.locator('.cm-line').allTextContents()).join('\n');
}

async function expectWhole(page: Page, log: Locator, shortName: string): Promise<void> {
  const expected = await logOf(shortName);
  // What its last line break ends is a line; there is none behind it.
  await expect.poll(() => drawn(log)).toBe(expected.toString().replace(/\n$/, ''));
  expect((await downloaded(page, log)).equals(expected)).toBe(true);
}

test('shows a build live; a cut connection and a reload leave it whole', async ({ page }) => {
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
  await hold('pandas');
  await deployment.create('live', 'Watched live', ['pandas']);
  await deployment.build('live');
  let log = await openLog(page, server.url, 'live');
  await expect(log).toContainText('Downloading');
  await expect(log).toContainText(/Building for \d/);
  await expect(log.getByRole('button', { name: 'downloading' })).toBeVisible();

  broken = true;
  for (const cut of open) {
    await cut();
  }
  await expect(log.getByRole('status').getByText('Connection lost, trying again…')).toBeVisible();
  seed(home, '--long-log', 'live', '3');
  broken = false;
  await expect(log).toContainText('3 linked package-3', { timeout: 30_000 });
  await expect(log.getByText('Connection lost')).toHaveCount(0);

  log = await openLog(page, server.url, 'live');
  await expect(log).toContainText('3 linked package-3');
  await deployment.release();
  await expect(log).toContainText('Succeeded in', { timeout: 60_000 });
  await expect(log).toContainText('s in all.');
  await expectWhole(page, log, 'live');
  await expect(log.getByRole('navigation').getByRole('button')).toHaveText([
    'solving',
    'downloading',
    'linking',
    'verifying',
    'end'
  ]);
});

test('a build that waits has its log as soon as it begins', async ({ page }) => {
  await hold('tiny-002');
  await deployment.create('first', 'Goes first', ['tiny-002']);
  await deployment.build('first');
  await deployment.create('next', 'Waits', ['no-such-package']);
  await deployment.build('next');
  const log = await openLog(page, server.url, 'next');
  await expect(log).toContainText('The build waits for its turn.');
  await deployment.release();
  await expect(log).toContainText('Failed after', { timeout: 60_000 });
  await expectWhole(page, log, 'next');
});

test('a server that is killed and comes back leaves the log whole', async ({ page }) => {
  await hold('big-data');
  await deployment.create('kill', 'Survives', ['big-data']);
  await deployment.build('kill');
  const log = await openLog(page, server.url, 'kill');
  await expect(log).toContainText('Downloading');
  await server.kill();
  await expect(log.getByText('Connection lost, trying again…')).toBeVisible();
  await server.restart();
  await deployment.release();
  // JupyterLab's own word on the lost server, which covers the page.
  await page.addLocatorHandler(page.locator('.jp-Dialog'), dialog =>
    dialog.getByRole('button').first().click()
  );
  await expect(log).toContainText('s in all.', { timeout: 60_000 });
  await expect(log.getByText('Connection lost')).toHaveCount(0);
  await expectWhole(page, log, 'kill');
});

test('says why a build failed, with its lines; earlier attempts stay', async ({ page }) => {
  await deployment.create('bad', 'Conflicts', ['conflict-a', 'conflict-b']);
  await deployment.build('bad');
  await expect.poll(() => deployment.status('bad')).toBe('Failed');
  await deployment.build('bad');
  await expect.poll(() => deployment.status('bad')).toBe('Failed');
  const log = await openLog(page, server.url, 'bad');
  const failure = log.getByRole('region', { name: 'Why the build failed' });
  await expect(failure).toContainText('different versions of shared-lib');
  await expect(failure.locator('pre')).toContainText('requires shared-lib >=2');
  await failure.getByRole('button', { name: /^Show lines \d+ to \d+ of the log$/ }).click();
  await expect(log.getByRole('textbox', { name: 'Log of version 1, attempt 2' })).toBeFocused();

  await log.getByRole('combobox', { name: 'Attempt' }).selectOption('Attempt 1 of 2');
  await expect(log).toContainText('Building bad version 1, attempt 1');
  expect((await downloaded(page, log)).equals(await logOf('bad', 1))).toBe(true);

  for (const theme of ['Light', 'Dark', 'Dark High Contrast']) {
    await setTheme(page, theme);
    await expectNoViolations(page);
    await page.screenshot({ path: test.info().outputPath(`log-failed-${theme}.png`) });
  }
});

test('a long and hostile log: text, search, follow, wrap, copy, download', async ({ page }) => {
  await hold('tiny-001');
  await deployment.create('long', 'Long', ['tiny-001']);
  await deployment.build('long');
  seed(home, '--long-log', 'long', '3000');
  const log = await openLog(page, server.url, 'long');
  await expect(log.locator('.cm-content')).toContainText('3000 linked');

  await log.locator('.cm-content').focus();
  await page.keyboard.press('Control+Home');
  await expect(log.locator('.cm-content')).toContainText('Solving');
  await expect(log.locator('.jp-mod-text-red').first()).toHaveText('red');
  seed(home, '--long-log', 'long', '200');
  const more = log.getByRole('button', { name: /200 new lines$/ });
  await expect(more).toBeVisible();
  expect((await scrolled(log)).top).toBe(0);
  await more.click();
  await expect
    .poll(async () => {
      const { top, end } = await scrolled(log);
      return end - top;
    })
    .toBeLessThan(8);
  await expect(more).toHaveCount(0);

  await log.locator('.cm-content').press('Control+f');
  const box = log.getByRole('searchbox');
  await expect(box).toBeFocused();
  await box.fill('<IMG SRC=x');
  const search = log.getByRole('search');
  await expect(search).toContainText(/^\d of 7$/);
  await expect(log.locator('.jp-mod-current')).toHaveText('<img src=x');
  await expect(log.locator('.cm-content img')).toHaveCount(0);
  const before = await search.getByRole('status').textContent();
  await box.press('Enter');
  await expect(search.getByRole('status')).not.toHaveText(before!);
  await box.press('Shift+Enter');
  await expect(search.getByRole('status')).toHaveText(before!);
  await box.fill('gnp.txt');
  await expect(log.locator('.cm-specialChar').first()).toBeVisible();
  await box.press('Escape');
  await expect(search).toHaveCount(0);
  expect(await page.title()).not.toContain('owned');

  const wrap = log.getByRole('button', { name: 'Wrap long lines' });
  await expect(wrap).toHaveAttribute('aria-pressed', 'true');
  await wrap.click();
  await expect(wrap).toHaveAttribute('aria-pressed', 'false');
  await expect(log.locator('.cm-lineWrapping')).toHaveCount(0);
  await wrap.click();
  await expect(log.locator('.cm-lineWrapping')).toHaveCount(1);

  expect((await downloaded(page, log)).equals(await logOf('long'))).toBe(true);

  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await log.getByRole('button', { name: 'Copy the selection, or all of the log' }).click();
  await expect(log.getByRole('button', { name: 'Copied' })).toBeVisible();
  await log.locator('.cm-content').focus();
  await page.keyboard.press('Control+a');
  await page.keyboard.press('Control+c');
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  expect(copied.split('\n').length).toBeGreaterThan(3200);
  expect(copied).toContain('277 downloading 100 %');
  expect(copied).not.toContain('\u001b[');

  await page.setViewportSize({ width: 640, height: 700 });
  await page.evaluate(() => window.jupyterapp.commands.execute('application:toggle-left-area'));
  for (const theme of ['Light', 'Dark', 'Dark High Contrast']) {
    await setTheme(page, theme);
    await log.locator('.cm-content').focus();
    await page.keyboard.press('Control+Home');
    await expectNoViolations(page);
    await page.screenshot({ path: test.info().outputPath(`log-${theme}.png`) });
  }
  await page.setViewportSize({ width: 400, height: 700 });
  const overflow = await log.evaluate(node => node.scrollWidth - node.clientWidth);
  expect(overflow).toBeLessThanOrEqual(0);
  await page.screenshot({ path: test.info().outputPath('log-narrow.png') });
});

test('a line of a million characters is read, searched and copied', async ({ page }) => {
  await hold('tiny-003');
  await deployment.create('line', 'One line', ['tiny-003']);
  await deployment.build('line');
  seed(home, '--long-line', 'line', '1000000');
  const log = await openLog(page, server.url, 'line');
  await expect(log).toContainText('behind the long line');
  const rest = log.getByRole('button', { name: /^Show 10,000 of [\d,]+ more characters$/ });
  await expect(rest).toHaveCount(1);
  const first = await rest.textContent();
  await rest.press('Enter');
  await expect(log.locator('.cm-content')).toBeFocused();
  await expect(rest).not.toHaveText(first!);
  const second = await rest.textContent();
  await page.keyboard.press('Enter');
  await expect(rest).not.toHaveText(second!);
  await rest.scrollIntoViewIfNeeded();
  await setTheme(page, 'Light');
  await page.screenshot({ path: test.info().outputPath('log-long-line.png') });
  await setTheme(page, 'Dark');
  await page.screenshot({ path: test.info().outputPath('log-long-line-dark.png') });
  await expectNoViolations(page);

  await log.locator('.cm-content').press('Control+f');
  await log.getByRole('searchbox').fill('30000 and more');
  await expect(log.locator('.jp-mod-current').first()).toBeVisible();
  await expect(log.getByRole('search')).toContainText('1 of 1');
  await log.locator('.cm-content').press('Control+a');
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.keyboard.press('Control+c');
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  expect(copied.length).toBeGreaterThan(1_000_000);
});

test('says that its version was deleted', async ({ page }) => {
  // With the news of it the whole tab would say so; they can be late, or lost.
  await page.routeWebSocket(/dataflow-envs\/events/, () => undefined);
  await hold('tiny-004');
  await deployment.create('gone', 'Deleted', ['tiny-004']);
  await deployment.build('gone');
  const log = await openLog(page, server.url, 'gone');
  await expect(log).toContainText('Downloading');
  expect((await rest.delete('dataflow-envs/environments/gone?force=true')).ok()).toBe(true);
  await expect(log.getByText('This version was deleted')).toBeVisible();
  await expect(log.getByText('Connection lost')).toHaveCount(0);
  await page.screenshot({ path: test.info().outputPath('log-deleted.png') });
});

async function setTheme(page: Page, theme: string): Promise<void> {
  const name = `JupyterLab ${theme}`;
  await page.evaluate(
    wanted => window.jupyterapp.commands.execute('apputils:change-theme', { theme: wanted }),
    name
  );
  await expect(page.locator('body')).toHaveAttribute('data-jp-theme-name', name);
}

async function expectNoViolations(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).include('.jp-DataflowEnvs-log').analyze();
  expect(
    violations.map(({ id, nodes }) => ({ id, nodes: nodes.map(node => node.failureSummary) }))
  ).toEqual([]);
}
