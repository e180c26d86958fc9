import { test as base } from '@playwright/test';

import { Deployment } from '../rest';
import { Lab } from '../pages/lab';

/** Begins on the shared server with nothing in it, and JupyterLab before one; nothing of either is replaced. */
export const test = base.extend<{ deployment: Deployment; lab: Lab }>({
  deployment: [
    async ({ request }, use) => {
      const deployment = new Deployment(request);
      await deployment.reset();
      await use(deployment);
    },
    { auto: true }
  ],
  lab: async ({ deployment, page }, use) => {
    void deployment;
    await use(await Lab.open(page));
  }
});

export { expect } from '@playwright/test';
