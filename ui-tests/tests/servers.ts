import {
  type APIRequestContext,
  type Browser,
  expect,
  type Page,
  request as requests
} from '@playwright/test';
import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import { createServer } from 'node:net';
import * as os from 'node:os';
import * as path from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

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
  /** Folder in which environments of other tools are found. */
  readonly venvs: string;
  /** As a power cut would end it. */
  kill(): Promise<void>;
  /** Start it again, with all that it had; ends it before when it still runs. */
  restart(): Promise<void>;
  /** End it as an administrator does; what it had is removed. */
  stop(): Promise<void>;
  /** Fill its deployment: `seed('--environments', '1000')`; see `seed.py`. */
  seed(...words: string[]): void;
  /** Run `jupyter dataflow-envs …` beside it, as at a terminal. */
  commandLine(...words: string[]): Promise<void>;
}

/** A server with a channel and folders of its own, up when this resolves. `people`: with logins. */
export async function startServer({ people = false } = {}): Promise<IServer> {
  // Built prefixes are read-only, so that it takes more than to delete the folder.
  const home = fs.mkdtempSync(path.join(os.tmpdir(), 'dataflow-envs-ui-tests-'));
  const channel = python('channel.py', [], 'pipe');
  const [address] = (await once(createInterface(channel.stdout!), 'line')) as [string];
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const words = ['--port', `${port}`, '--home', home, '--channel', address];
  const start = async () => {
    const started = python('server.py', [...words, ...(people ? ['--people'] : [])], 'inherit');
    await expect.poll(() => health(url, started), { intervals: [100], timeout: START }).toBe('up');
    return started;
  };
  let process = await start();
  return {
    url,
    venvs: path.join(home, 'venvs'),
    kill: () => end(process, 'SIGKILL'),
    restart: async () => {
      await end(process, 'SIGTERM');
      process = await start();
    },
    stop: async () => {
      await end(process, 'SIGTERM');
      await end(channel, 'SIGTERM');
      execFileSync('python', ['server.py', '--remove', '--home', home], { cwd: FOLDER });
    },
    seed: (...words) => {
      execFileSync('python', ['seed.py', path.join(home, 'root'), ...words], { cwd: FOLDER });
    },
    commandLine: async (...words) => {
      await promisify(execFile)('jupyter', ['dataflow-envs', ...words, '--url', url]);
    }
  };
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
