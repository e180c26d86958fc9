import {
  type APIRequestContext,
  type Browser,
  expect,
  type Page,
  request as requests
} from '@playwright/test';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import { createServer } from 'node:net';
import * as os from 'node:os';
import * as path from 'node:path';
import { createInterface } from 'node:readline';

const FOLDER = path.resolve(__dirname, '..');
const START = 90_000;
const STOP = 20_000;

/** As `people.py` knows them; root is an administrator. */
export const PASSWORDS = {
  alice: 'alice has a key',
  bob: 'bob has a key',
  root: 'root has a key'
} as const;

export type PersonName = keyof typeof PASSWORDS;

export interface IServer {
  /** Without a slash at its end. */
  readonly url: string;
  /** As a power cut would end it. Only with a `home` of its own it finds everything again. */
  kill(): Promise<void>;
  /** End it as an administrator does. */
  stop(): Promise<void>;
  /** Start it again, on the same port and folder; ends it before when it still runs. */
  restart(): Promise<void>;
}

/**
 * A server of the spec's own beside the shared one, up when this resolves; stop it in the end. `people`: with logins.
 * `home`: a folder of `newHome`, for what is to outlive it. `channel`: of `startChannel`, to outlive it as well.
 */
export async function startServer({
  people = false,
  home,
  channel
}: {
  people?: boolean;
  home?: string;
  channel?: string;
} = {}): Promise<IServer> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const words = ['--port', `${port}`, ...(people ? ['--people'] : [])];
  words.push(...(home ? ['--home', home] : []), ...(channel ? ['--channel', channel] : []));
  const start = async () => {
    const started = python('server.py', words, 'inherit');
    await expect.poll(() => health(url, started), { intervals: [100], timeout: START }).toBe('up');
    return started;
  };
  let process = await start();
  return {
    url,
    kill: () => end(process, 'SIGKILL'),
    stop: () => end(process, 'SIGTERM'),
    restart: async () => {
      await end(process, 'SIGTERM');
      process = await start();
    }
  };
}

/** A channel that outlives servers; what it understands stands in `channel.py`. */
export async function startChannel(): Promise<{ url: string; stop(): Promise<void> }> {
  const process = python('channel.py', [], 'pipe');
  const [url] = (await once(createInterface(process.stdout!), 'line')) as [string];
  return { url, stop: () => end(process, 'SIGTERM') };
}

/** A folder for `startServer`; remove it with `removeHome`. */
export function newHome(): string {
  return fs.mkdtempSync(path.join(os.tmpdir(), 'dataflow-envs-ui-tests-'));
}

/** Built prefixes are read-only, so that it takes more than to delete a folder. */
export function removeHome(home: string): void {
  execFileSync('python', ['server.py', '--remove', '--home', home], { cwd: FOLDER });
}

/** Fill the deployment of a home: `seed(home, '--environments', '1000')`; see `seed.py`. */
export function seed(home: string, ...words: string[]): void {
  execFileSync('python', ['seed.py', path.join(home, 'root'), ...words], { cwd: FOLDER });
}

/**
 * A page of a browser context of the person's own, logged in by the form, with JupyterLab in a workspace of theirs.
 * Close its context in the end. `next`: where the login leads instead.
 */
export async function login(
  browser: Browser,
  url: string,
  person: PersonName,
  next = `/lab/workspaces/${person}`
): Promise<Page> {
  const context = await browser.newContext({ baseURL: url });
  const page = await context.newPage();
  await page.goto(`/login?next=${encodeURIComponent(next)}`);
  await page.getByLabel('Name').fill(person);
  await page.getByLabel('Password').fill(PASSWORDS[person]);
  await page.getByRole('button', { name: 'Log in' }).click();
  await page.waitForURL(where => !where.pathname.startsWith('/login'));
  return page;
}

/** The same person over REST, as at a terminal: with the page's cookies and the XSRF token. Dispose it in the end. */
export async function restOf(page: Page): Promise<APIRequestContext> {
  const context = page.context();
  const { origin } = new URL(page.url());
  const cookies = await context.cookies(origin);
  const token = cookies.find(cookie => cookie.name === '_xsrf')?.value ?? '';
  return requests.newContext({
    baseURL: origin,
    extraHTTPHeaders: { 'X-XSRFToken': token },
    storageState: await context.storageState()
  });
}

function python(program: string, words: string[], output: 'inherit' | 'pipe'): ChildProcess {
  // Its input ends with this process, however that ends, and it with its input.
  return spawn('python', [program, '--attended', ...words], {
    cwd: FOLDER,
    stdio: ['pipe', output, 'inherit']
  });
}

async function end(process: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (process.exitCode !== null || process.signalCode !== null) {
    return;
  }
  const exited = once(process, 'exit');
  process.kill(signal);
  const impatient = setTimeout(() => process.kill('SIGKILL'), STOP);
  await exited;
  clearTimeout(impatient);
}

async function health(url: string, process: ChildProcess): Promise<string> {
  if (process.exitCode !== null) {
    throw new Error(`The server has ended with ${process.exitCode}.`);
  }
  try {
    const answer = await fetch(`${url}/dataflow-envs/health`);
    return ((await answer.json()) as { status: string }).status;
  } catch {
    return 'not there yet';
  }
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  if (address === null || typeof address === 'string') {
    throw new Error('There is no free port.');
  }
  return address.port;
}
