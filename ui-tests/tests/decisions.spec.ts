import { type Browser, expect, type Page, test } from '@playwright/test';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import * as path from 'node:path';
import { createInterface } from 'node:readline';

import { expectAccessible, picture } from './appearance';

interface ITeam {
  hub: string;
  url: string;
  reviews: Record<string, string>;
}

let started: ChildProcess;
let team: ITeam;

test.beforeAll(async () => {
  const cwd = path.resolve(__dirname, '..');
  started = spawn('python', ['hub.py'], { cwd, stdio: ['pipe', 'pipe', 'inherit'] });
  const [line] = (await once(createInterface(started.stdout!), 'line')) as [string];
  team = JSON.parse(line) as ITeam;
});

test.afterAll(async () => {
  const ended = once(started, 'exit');
  started.stdin!.end();
  await ended;
});

/** boss's browser, at a page that decisions are made on; the hub asks once whether the service may know who it is. */
async function open(
  browser: Browser,
  where: string,
  colorScheme: 'light' | 'dark' = 'light',
  width = 1280
): Promise<Page> {
  const viewport = { width, height: 900 };
  const context = await browser.newContext({ colorScheme, viewport, baseURL: team.url });
  const page = await context.newPage();
  await page.goto(`${team.hub}hub/login?next=/hub/home`);
  await page.getByLabel('Username').fill('boss');
  await page.getByLabel('Password').fill('any');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.waitForURL('**/hub/home');
  await page.goto(where);
  const authorize = page.getByRole('button', { name: 'Authorize' });
  if (await authorize.isVisible()) {
    await authorize.click();
  }
  await page.waitForURL(`${team.url}**`);
  return page;
}

const PAGES = () => ({
  waiting: '',
  review: `reviews/${team.reviews['mlenv']}`,
  environments: 'environments',
  environment: 'environments/rep',
  policy: 'policy',
  decisions: 'decisions'
});

for (const scheme of ['light', 'dark'] as const) {
  test(`is accessible and fits, ${scheme}`, async ({ browser }) => {
    const page = await open(browser, team.url, scheme);
    for (const [name, where] of Object.entries(PAGES())) {
      for (const width of [360, 1600, 1280]) {
        await page.setViewportSize({ width, height: 900 });
        expect((await page.goto(where))?.status(), name).toBe(200);
        await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
        const beyond = () => document.documentElement.scrollWidth - window.innerWidth;
        expect.soft(await page.evaluate(beyond), `${name} at ${width}`).toBeLessThanOrEqual(0);
        await expectAccessible(page, ['body']);
      }
      if (['review', 'policy', 'environment'].includes(name)) {
        await picture(page, `decide-${name}`, scheme === 'light' ? 'Light' : 'Dark');
      }
    }
    await page.context().close();
  });
}

test('decides with the keyboard alone, and says what was not done', async ({ browser }) => {
  const page = await open(browser, PAGES().review);
  const blocked: string[] = [];
  page.on('console', message => message.type() === 'error' && blocked.push(message.text()));
  await expect(page).toHaveTitle(/Machine Learning, version 1/);

  await page.getByLabel('Comment').focus();
  await page.keyboard.press('Tab');
  await expect(page.getByRole('button', { name: 'Approve' })).toBeFocused();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('alert')).toContainText('say why: the owner reads it');
  await expect(page.getByRole('alert')).toBeFocused();
  await expectAccessible(page, ['body']);
  const comment = page.getByRole('textbox', { name: 'Comment' });
  await expect(comment).toHaveAccessibleDescription(/alice reads it.*say why/s);

  await page.getByRole('alert').getByRole('link', { name: 'Comment' }).press('Enter');
  await expect(comment).toBeFocused();
  await page.keyboard.type('Pin <b>numpy</b>.');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('status')).toHaveText('Version 1 of mlenv is rejected.');
  await expect(page.getByText('Pin <b>numpy</b>.')).toBeVisible();
  await page.reload();
  await expect(page.getByRole('status')).toHaveCount(0);
  expect(blocked.filter(text => text.includes('Content Security Policy'))).toEqual([]);
  await page.context().close();
});
