import type { Page } from '@playwright/test';

export interface IFrames {
  count: number;
  /** Milliseconds. */
  longest: number;
  /** How many took longer than 50 ms. */
  over: number;
  /**
   * Milliseconds that the page's main thread computed in a frame on average, which does not count other programs' share
   * of a busy machine.
   */
  work: number;
}

interface IWatched {
  lengths: number[];
  goesOn: boolean;
}

/** How long the frames took while this was done: how long the page did not react. */
export async function watchFrames(page: Page, done: () => Promise<void>): Promise<IFrames> {
  const inspector = await page.context().newCDPSession(page);
  await inspector.send('Performance.enable', { timeDomain: 'threadTicks' });
  const worked = async () => {
    const { metrics } = await inspector.send('Performance.getMetrics');
    return metrics.find(({ name }) => name === 'TaskDuration')?.value ?? 0;
  };
  const before = await worked();
  await page.evaluate(
    () =>
      new Promise<void>(resolve => {
        const watch: IWatched = { lengths: [], goesOn: true };
        Object.assign(window, { watch });
        let last: number | null = null;
        const frame = (now: number) => {
          if (last === null) {
            resolve();
          } else {
            watch.lengths.push(now - last);
          }
          last = now;
          if (watch.goesOn) {
            requestAnimationFrame(frame);
          }
        };
        requestAnimationFrame(frame);
      })
  );
  await done();
  const seconds = (await worked()) - before;
  await inspector.detach();
  const lengths = await page.evaluate(() => {
    const { watch } = window as unknown as { watch: IWatched };
    watch.goesOn = false;
    return watch.lengths;
  });
  return {
    count: lengths.length,
    longest: Math.round(Math.max(...lengths)),
    over: lengths.filter(length => length > 50).length,
    work: Math.round((seconds / lengths.length) * 10_000) / 10
  };
}
