import { expect, type Locator, type Page } from '@playwright/test';

/** JupyterLab of this server, with the log of one environment in a tab. */
export async function openLog(page: Page, url: string, shortName: string): Promise<Locator> {
  await page.goto(`${url}/lab?reset`);
  await page.waitForFunction(() => 'jupyterapp' in window);
  await page.evaluate(() => window.jupyterapp.restored);
  await page.evaluate(
    name =>
      window.jupyterapp.commands.execute('dataflow-envs:open', { shortName: name, section: 'log' }),
    shortName
  );
  const log = page.getByRole('region', { name: 'Build log' });
  await expect(log.locator('.cm-content')).toBeVisible();
  return log;
}

/** How far the text is scrolled, and could be. */
export function scrolled(log: Locator): Promise<{ top: number; end: number }> {
  return log.locator('.cm-scroller').evaluate(node => ({
    top: node.scrollTop,
    end: node.scrollHeight - node.clientHeight
  }));
}

/**
 * The milliseconds between frames while `act` runs: the longest, and how many took over 50. `work`: what the page's main
 * thread computed in a frame on average, which does not count other programs' share of a busy machine.
 */
export async function frames(
  page: Page,
  act: () => Promise<void>
): Promise<{ longest: number; over: number; count: number; work: number }> {
  const inspector = await page.context().newCDPSession(page);
  await inspector.send('Performance.enable', { timeDomain: 'threadTicks' });
  const worked = async () => {
    const { metrics } = await inspector.send('Performance.getMetrics');
    return metrics.find(({ name }) => name === 'TaskDuration')?.value ?? 0;
  };
  const before = await worked();
  await page.evaluate(() => {
    const times: number[] = [];
    const state = window as unknown as { frameTimes: number[]; frameWatch: boolean };
    state.frameTimes = times;
    state.frameWatch = true;
    let last = performance.now();
    const watch = (now: number) => {
      times.push(now - last);
      last = now;
      if (state.frameWatch) {
        requestAnimationFrame(watch);
      }
    };
    requestAnimationFrame(now => {
      last = now;
      requestAnimationFrame(watch);
    });
  });
  await act();
  const seconds = (await worked()) - before;
  await inspector.detach();
  const times = await page.evaluate(() => {
    const state = window as unknown as { frameTimes: number[]; frameWatch: boolean };
    state.frameWatch = false;
    return state.frameTimes;
  });
  return {
    longest: Math.round(Math.max(...times)),
    over: times.filter(time => time > 50).length,
    count: times.length,
    work: Math.round((seconds / times.length) * 10_000) / 10
  };
}
