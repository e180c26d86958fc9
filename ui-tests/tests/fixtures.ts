import { test as base } from '@playwright/test';

import { Deployment } from './deployment';
import { Lab } from './pages/lab';
import { type IServer, startServer } from './servers';

interface IOfTest {
  /** What the person has set, in the words of `schema/plugin.json`. */
  settings: Record<string, unknown>;
  /** Of this worker's server, with nothing in it. */
  deployment: Deployment;
  /** JupyterLab of that server, opened in front of the test. One that has something to prepare opens it itself. */
  lab: Lab;
}

interface IOfWorker {
  server: IServer;
  /** With logins and XSRF checks. */
  people: IServer;
}

/**
 * Every worker has real servers of its own; nothing of them or of JupyterLab is replaced. After a test that has failed
 * Playwright takes another worker, and so another server.
 */
export const test = base.extend<IOfTest, IOfWorker>({
  server: [
    // eslint-disable-next-line no-empty-pattern -- Playwright wants it so.
    async ({}, use) => {
      const server = await startServer();
      await use(server);
      await server.stop();
    },
    { scope: 'worker', timeout: 180_000 }
  ],
  people: [
    // eslint-disable-next-line no-empty-pattern -- Playwright wants it so.
    async ({}, use) => {
      const server = await startServer({ people: true });
      await use(server);
      await server.stop();
    },
    { scope: 'worker', timeout: 180_000 }
  ],
  baseURL: async ({ server }, use) => use(server.url),
  settings: [{}, { option: true }],
  deployment: async ({ request, settings }, use) => {
    const deployment = new Deployment(request);
    await deployment.reset();
    await deployment.set(settings);
    await use(deployment);
    await deployment.release();
  },
  lab: async ({ deployment, page }, use) => {
    void deployment;
    await use(await Lab.open(page));
  }
});

export { expect } from '@playwright/test';
