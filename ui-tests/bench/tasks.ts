import type { Page } from '@playwright/test';

export interface ITasks {
  /** Milliseconds of processor time. */
  longest: number;
  /** So long took the one in a hundred, of those that drew anything. */
  ninetyNinth: number;
}

interface ITraceEvent {
  name: string;
  ph: string;
  pid: number;
  tid: number;
  ts: number;
  dur?: number;
  tdur?: number;
}

/**
 * What the page's main thread computed at a stretch while this was done: unlike the length of frames it does not count
 * what other programs do on a busy machine.
 */
export async function watchTasks(page: Page, done: () => Promise<void>): Promise<ITasks> {
  const inspector = await page.context().newCDPSession(page);
  const events: ITraceEvent[] = [];
  inspector.on('Tracing.dataCollected', ({ value }) =>
    events.push(...(value as unknown as ITraceEvent[]))
  );
  await inspector.send('Tracing.start', {
    traceConfig: { includedCategories: ['toplevel', 'devtools.timeline'] }
  });
  await done();
  const complete = new Promise(resolve => inspector.once('Tracing.tracingComplete', resolve));
  await inspector.send('Tracing.end');
  await complete;
  await inspector.detach();
  const times = tasksOf(events).sort((a, b) => a - b);
  return { longest: times[times.length - 1], ninetyNinth: times[Math.floor(times.length * 0.99)] };
}

/** Processor time of each of the main thread's tasks of more than 2 ms. */
function tasksOf(events: readonly ITraceEvent[]): number[] {
  const thread = ({ pid, tid }: ITraceEvent) => `${pid} ${tid}`;
  const frames = events.filter(({ name }) => name === 'FireAnimationFrame').map(thread);
  const counts = new Map<string, number>();
  frames.forEach(name => counts.set(name, (counts.get(name) ?? 0) + 1));
  const [main] = [...counts].sort((a, b) => b[1] - a[1])[0];
  const tasks = events
    .filter(event => event.ph === 'X' && event.name.endsWith('RunTask') && thread(event) === main)
    .sort((a, b) => a.ts - b.ts);
  let end = 0;
  const times: number[] = [];
  for (const { ts, dur = 0, tdur = 0 } of tasks) {
    // Some are told once more from within.
    if (ts >= end) {
      end = ts + dur;
      times.push(tdur / 1000);
    }
  }
  // The first one begins the trace itself.
  return times.slice(1).filter(time => time > 2);
}
