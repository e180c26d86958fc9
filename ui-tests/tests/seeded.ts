import { test as base } from '@playwright/test';

import { Deployment } from './rest';
import { newHome, removeHome, seed, startServer } from './servers';

interface ISeeded {
  url: string;
  home: string;
  deployment: Deployment;
}

/** A server of its own for those specs that need 1,000 environments and long logs; started once for all of them. */
export const test = base.extend<object, { seeded: ISeeded }>({
  seeded: [
    async ({ playwright }, use) => {
      const home = newHome();
      seed(home, '--environments', '1000');
      const server = await startServer({ home });
      const request = await playwright.request.newContext({ baseURL: server.url });
      await use({ url: server.url, home, deployment: new Deployment(request) });
      await request.dispose();
      await server.stop();
      removeHome(home);
    },
    { scope: 'worker', timeout: 120_000 }
  ]
});

export { expect } from '@playwright/test';
