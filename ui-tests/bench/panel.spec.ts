import type { Page } from '@playwright/test';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { gzipSync } from 'node:zlib';

import { type IFrames, watchFrames } from '../tests/frames';
import { Lab } from '../tests/pages/lab';
import { expect, test } from '../tests/seeded';
import { seed } from '../tests/servers';
import { watchTasks } from './tasks';

const STATIC = '/jupyter_dataflow_envs/static/';
const BUNDLE = path.resolve(__dirname, '../../jupyter_dataflow_envs/labextension/static');

/** One line of `make bench`: what, how much, what is wanted. */
function tell(what: string, figure: string, wanted: string): void {
  console.log(`${what}: ${figure} (wanted: ${wanted})`);
}

/** Gzipped bytes of this extension's code that the page has fetched so far. */
async function fetched(page: Page): Promise<{ files: number; bytes: number }> {
  const addresses = await page.evaluate(() =>
    performance.getEntriesByType('resource').map(({ name }) => name)
  );
  const files = new Set(
    addresses
      .map(address => new URL(address).pathname)
      .filter(name => name.includes(STATIC) && name.endsWith('.js'))
      .map(name => path.basename(name))
  );
  const bytes = [...files].reduce(
    (sum, file) => sum + gzipSync(fs.readFileSync(path.join(BUNDLE, file)), { level: 9 }).length,
    0
  );
  return { files: files.size, bytes };
}

const kilobytes = (bytes: number) => `${(bytes / 1000).toFixed(1)} kB`;
const frames = ({ count, longest, over }: IFrames) =>
  `longest of ${count} frames ${longest.toFixed(0)} ms, ${over} over 50 ms`;

test('what the browser loads', async ({ page, seeded }) => {
  const lab = await Lab.open(page, seeded.url);
  const start = await fetched(page);
  const panel = await lab.panel();
  await expect(panel.rows.first()).toBeVisible();
  const opened = await fetched(page);
  await panel.name('s004').click();
  for (const section of ['Libraries', 'Versions', 'Review', 'Export', 'Build log'] as const) {
    await lab.detail.section(section);
  }
  await expect(lab.detail.log.root).toBeVisible();
  await panel.newEnvironment();
  await expect(lab.form.field('Conda Libraries')).toBeVisible();
  await lab.menu('Admin', 'Python Environments');
  await expect(lab.admin.root).toBeVisible();
  const all = await fetched(page);
  tell('loaded with JupyterLab, gzipped', kilobytes(start.bytes), 'the shell alone');
  tell('the panel on top of it', kilobytes(opened.bytes - start.bytes), '≤ 80 kB');
  tell('all views, shell included', kilobytes(all.bytes), '');
});

test('1,000 environments', async ({ page, seeded }) => {
  await page.addInitScript(() => {
    const seen = { painted: 0 };
    Object.assign(window, { seen });
    new MutationObserver((_, observer) => {
      if (document.querySelector('#jupyter-dataflow-envs .jp-mod-main .jp-DataflowEnvs-item')) {
        observer.disconnect();
        // The frame in which the browser has painted it.
        requestAnimationFrame(() => setTimeout(() => (seen.painted = performance.now())));
      }
    }).observe(document, { childList: true, subtree: true });
  });
  const lab = await Lab.open(page, seeded.url);
  const panel = await lab.panel();
  await expect(panel.root).toContainText(/1,?00\d/);
  const { painted, first, last } = await page.evaluate(() => {
    const ends = performance
      .getEntriesByType('resource')
      // Those of the list; the notifications ask for the builds that run.
      .filter(({ name }) => /dataflow-envs\/environments\?limit=200/.test(name))
      .map(entry => (entry as PerformanceResourceTiming).responseEnd);
    const { painted } = (window as unknown as { seen: { painted: number } }).seen;
    return { painted, first: Math.min(...ends), last: Math.max(...ends) };
  });
  tell('first page of data to rows painted', `${(painted - first).toFixed(0)} ms`, '≤ 200 ms');
  tell('first page of data to the last of 5', `${(last - first).toFixed(0)} ms`, '');

  const typing = await watchFrames(page, async () => {
    for (const word of ['genomics', 'pandas', 'root failed']) {
      await panel.filter.pressSequentially(word, { delay: 60 });
      await panel.filter.fill('');
    }
  });
  tell('typing in the filter', frames(typing), 'none over 50 ms');
  tell('scrolling the list', frames(await watchFrames(page, () => panel.scrollThrough())), '');
});

test('100,000 lines of log', async ({ page, seeded }) => {
  test.setTimeout(120_000);
  const { deployment, home, url } = seeded;
  await deployment.built('mlenv', 'Machine Learning', []);
  seed(home, '--long-log', 'mlenv', '100000');
  const lab = await Lab.open(page, url);
  const panel = await lab.panel();
  await panel.filter.fill('mlenv');
  await panel.open('mlenv');
  const { log } = lab.detail;
  await lab.detail.section('Build log');
  await expect(log.root).toBeVisible();
  const started = Date.now();
  // Who scrolls while it still arrives comes to what was the end then.
  await expect(async () => {
    await log.toEnd();
    await expect(log.root).toContainText('100000 ', { timeout: 250 });
  }).toPass({ intervals: [0], timeout: 30_000 });
  tell('the log opened until its end is shown', `${Date.now() - started} ms`, '');
  tell(
    'scrolling',
    frames(await watchFrames(page, () => log.scrollThrough(200))),
    'none over 50 ms'
  );
  const { longest, ninetyNinth } = await watchTasks(page, () => log.scrollThrough(200));
  tell(
    'processor time of its tasks',
    `99 % at most ${ninetyNinth.toFixed(0)} ms, the longest ${longest.toFixed(0)} ms`,
    '≤ 50 ms'
  );
  const searching = await watchFrames(page, () => log.search('99999 linked'));
  tell('searching', frames(searching), 'none over 50 ms');
});
