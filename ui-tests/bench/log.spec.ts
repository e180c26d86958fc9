import { expect, request as requests, test } from '@playwright/test';

import { frames, openLog, scrolled } from '../tests/buildLog';
import { Deployment } from '../tests/deployment';
import {
  type IServer,
  newHome,
  removeHome,
  seed,
  startChannel,
  startServer
} from '../tests/servers';

const LINES = 100_000;

let home: string;
let channel: Awaited<ReturnType<typeof startChannel>>;
let server: IServer;
let deployment: Deployment;

test.beforeAll(async () => {
  home = newHome();
  channel = await startChannel();
  server = await startServer({ home, channel: channel.url });
  deployment = new Deployment(await requests.newContext({ baseURL: `${server.url}/` }));
  await deployment.hold();
  await deployment.create('long', 'A long log', ['pandas']);
  await deployment.build('long');
});

test.afterAll(async () => {
  await deployment?.release();
  await server?.stop();
  await channel?.stop();
  removeHome(home);
});

test('a log of 100,000 lines', async ({ page }) => {
  seed(home, '--long-log', 'long', String(LINES));
  const said: string[] = [];
  const say = (line: string) => {
    said.push(line);
    console.log(`log: ${line}`);
  };

  const began = Date.now();
  await openLog(page, server.url, 'long');
  await expect(page.locator('.cm-content')).toContainText(`${LINES} linked`, { timeout: 30_000 });
  say(`JupyterLab opened to the last of ${LINES} lines shown: ${Date.now() - began} ms`);

  const log = page.getByRole('region', { name: 'Build log' });
  await page.evaluate(() => window.jupyterapp.shell.currentWidget?.close());
  await expect(log).toHaveCount(0);
  const again = await frames(page, async () => {
    const began = await page.evaluate(() => performance.now());
    await page.evaluate(() =>
      window.jupyterapp.commands.execute('dataflow-envs:open', {
        shortName: 'long',
        section: 'log'
      })
    );
    await expect(log.locator('.cm-content')).toContainText(`${LINES} linked`, { timeout: 30_000 });
    const ended = await page.evaluate(() => performance.now());
    say(`tab opened to the last line shown: ${Math.round(ended - began)} ms`);
  });
  say(
    `longest frame while loading: ${again.longest} ms (${again.over} of ${again.count} over 50; ${again.work} ms of work in each)`
  );

  for (const wrap of [true, false]) {
    const button = log.getByRole('button', { name: 'Wrap long lines' });
    if ((await button.getAttribute('aria-pressed')) !== String(wrap)) {
      await button.click();
    }
    await expect(button).toHaveAttribute('aria-pressed', String(wrap));
    const words = wrap ? 'wrapped' : 'not wrapped';
    const text = log.locator('.cm-scroller');
    const box = (await text.boundingBox())!;

    await text.evaluate(node => node.scrollTo(0, 0));
    await page.mouse.move(box.x + 300, box.y + 200);
    const wheel = await frames(page, async () => {
      for (let turn = 0; turn < 150; turn++) {
        await page.mouse.wheel(0, 400);
      }
    });
    expect((await scrolled(log)).top).toBeGreaterThan(20_000);
    say(
      `longest frame, wheel, ${words}: ${wheel.longest} ms (${wheel.over} of ${wheel.count} over 50; ${wheel.work} ms of work in each)`
    );

    // All of it in four seconds, as the dragged bar does it: a place far away in every frame.
    const dragged = await frames(page, () =>
      text.evaluate(async node => {
        const steps = 240;
        for (const way of [0, 1]) {
          for (let step = 0; step <= steps; step++) {
            const share = way === 0 ? step / steps : 1 - step / steps;
            node.scrollTop = share * (node.scrollHeight - node.clientHeight);
            await new Promise(requestAnimationFrame);
          }
        }
      })
    );
    say(
      `longest frame, dragged through all of it, ${words}: ${dragged.longest} ms (${dragged.over} of ${dragged.count} over 50; ${dragged.work} ms of work in each)`
    );
  }

  await log.getByRole('button', { name: 'Follow new lines' }).click();
  const end = await scrolled(log);
  const appended = await frames(page, async () => {
    for (let turn = 1; turn <= 5; turn++) {
      seed(home, '--long-log', 'long', '5000');
      // The next ones come when these are shown, as a build goes on while somebody looks.
      await expect
        .poll(async () => (await scrolled(log)).end, { intervals: [50] })
        .toBeGreaterThan(end.end + turn * 20_000);
    }
    await expect.poll(async () => (await scrolled(log)).end).toBeGreaterThan(end.end + 100_000);
  });
  say(
    `longest frame while 5 × 5,000 lines arrive: ${appended.longest} ms (${appended.over} of ${appended.count} over 50; ${appended.work} ms of work in each)`
  );

  const searched = await frames(page, async () => {
    const began = Date.now();
    await log.getByRole('button', { name: /^Search in the log/ }).click();
    await log.getByRole('searchbox').fill('package-42');
    await expect(log.getByRole('search')).toContainText(/of [\d,]+$/, { timeout: 30_000 });
    say(`search through all of it: ${Date.now() - began} ms`);
  });
  say(`longest frame while searching: ${searched.longest} ms (${searched.over} over 50)`);
});
