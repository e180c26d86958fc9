import { test as base, type Browser } from '@playwright/test';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import * as path from 'node:path';
import { createInterface } from 'node:readline';

import { Lab } from './pages/lab';

/** boss is an administrator. */
export type MemberName = 'alice' | 'bob' | 'boss';

/** A server starts only when its owner comes. */
const STARTED = 90_000;

/** What `team.py` tells. */
interface ITold {
  hub: string;
  /** Their whole names. */
  people: Record<MemberName, string>;
  uids: Record<MemberName, number>;
  channel: string;
  prefixes: string;
  processes: { hub: number; service: number };
}

/** Hub, service, PostgreSQL, Dask, and people's servers under accounts of their own. */
export class Team {
  private constructor(
    private readonly _process: ChildProcess,
    readonly told: ITold
  ) {}

  static async start(): Promise<Team> {
    // Its input ends with this process, however that ends, and it with its input.
    const started = spawn('python', ['team.py'], {
      cwd: path.resolve(__dirname, '..'),
      stdio: ['pipe', 'pipe', 'inherit']
    });
    const line = once(createInterface(started.stdout!), 'line') as Promise<[string]>;
    const ended = once(started, 'exit').then(([code]) => {
      throw new Error(`The team has ended with ${code}.`);
    });
    const [told] = await Promise.race([line, ended]);
    ended.catch(() => undefined);
    return new Team(started, JSON.parse(told) as ITold);
  }

  async stop(): Promise<void> {
    const ended = once(this._process, 'exit');
    this._process.stdin!.end();
    await ended;
  }

  /** In a browser context of their own, logged in at the hub and with their server started. Close its context. */
  async open(browser: Browser, who: MemberName): Promise<Lab> {
    const { hub, people } = this.told;
    const context = await browser.newContext({ baseURL: hub });
    const page = await context.newPage();
    await page.goto('/hub/login');
    await page.getByLabel('Username').fill(people[who]);
    await page.getByLabel('Password').fill('any');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.waitForURL(`**/user/${people[who]}/lab**`, { timeout: STARTED });
    return Lab.of(page);
  }

  /** The version of Python that the channel has. */
  async python(): Promise<string> {
    return (await fetch(`${this.told.channel}/python`)).text();
  }

  /** That package does not arrive until `release`. */
  async hold(file: string): Promise<void> {
    await fetch(`${this.told.channel}/hold/${file}`);
  }

  async release(): Promise<void> {
    await fetch(`${this.told.channel}/release`);
  }

  /** Kill the service, of which the hub takes no notice until `bringBack`. */
  takeServiceAway(): void {
    const { hub, service } = this.told.processes;
    process.kill(hub, 'SIGSTOP');
    process.kill(service, 'SIGKILL');
  }

  bringServiceBack(): void {
    process.kill(this.told.processes.hub, 'SIGCONT');
  }
}

export const test = base.extend<object, { team: Team }>({
  team: [
    // eslint-disable-next-line no-empty-pattern -- Playwright wants it so.
    async ({}, use) => {
      const team = await Team.start();
      await use(team);
      await team.stop();
    },
    { scope: 'worker', timeout: 240_000 }
  ]
});

export { expect } from '@playwright/test';
