import type { Page } from '@playwright/test';

export interface IFrames {
  count: number;
  /** Milliseconds. */
  longest: number;
  /** How many took longer than 50 ms. */
  over: number;
}

/** How long the frames took while this was done: how long the page did not react. */
export async function watchFrames(page: Page, done: () => Promise<void>): Promise<IFrames> {
  await page.evaluate(
    () =>
      new Promise<void>(resolve => {
        const watch = { lengths: [] as number[], goesOn: true };
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
  return page.evaluate(() => {
    const { watch } = window as unknown as { watch: { lengths: number[]; goesOn: boolean } };
    watch.goesOn = false;
    return {
      count: watch.lengths.length,
      longest: Math.max(...watch.lengths),
      over: watch.lengths.filter(length => length > 50).length
    };
  });
}
