import { expect, galata, test } from '@jupyterlab/galata';
import type { Route } from '@playwright/test';

import { expectNoViolations, openPanel, picture, setTheme } from './panel';

test.use({ autoGoto: false, mockSettings: galata.DEFAULT_SETTINGS });

// The states that a server is slow to reach, or leaves at once.
const ROWS = [
  { short_name: 'saved', status: 'Saved', latest_version: null },
  {
    short_name: 'wait',
    status: 'In Progress',
    phase: 'queued',
    queue_position: 2,
    latest_version: 1
  },
  {
    short_name: 'link',
    status: 'In Progress',
    phase: 'linking',
    progress: { packages_done: 41, packages_total: 63, bytes_done: 1, bytes_total: 2 },
    latest_version: 3
  },
  {
    short_name: 'fail',
    status: 'Failed',
    latest_version: 2,
    failure:
      "No version of pandas fits 'pandas>=99' in channel conda-forge; the newest one that there is for this platform is 2.3.1"
  },
  { short_name: 'draft', status: 'Draft', latest_version: 1 },
  { short_name: 'pend', status: 'Pending Approval', latest_version: 7 },
  {
    short_name: 'pub',
    status: 'Published',
    latest_version: 12,
    owner: 'bob',
    full_name: 'An environment with a name so long that no side bar in the world has room for it'
  },
  {
    short_name: 'old',
    status: 'Published',
    latest_version: 4,
    owner: 'carol.with.a.long.name@laboratory.example',
    deprecated: { reason: 'Use pub.', at: '2026-11-01T12:00:00Z' }
  }
].map(row => ({
  full_name: `Environment ${row.short_name}`,
  owner: 'alice',
  phase: null,
  progress: null,
  queue_position: null,
  failure: null,
  deprecated: null,
  ...row
}));

const answers = {
  me: (route: Route) => route.fulfill({ json: { name: 'alice', is_admin: false } }),
  list: (route: Route) => route.fulfill({ json: { items: ROWS, next: 'more' } }),
  refusal: (route: Route) =>
    route.fulfill({
      status: 503,
      json: { code: 'unavailable', message: 'The database does not answer.', errors: [] }
    }),
  never: () => undefined
};

for (const theme of ['Light', 'Dark', 'Dark High Contrast'] as const) {
  for (const [name, sign, answer] of [
    ['rows', 'linking 41/63', answers.list],
    ['error', 'The database does not answer.', answers.refusal],
    ['loading', '', answers.never]
  ] as const) {
    test(`${name} in JupyterLab ${theme}`, async ({ page }) => {
      await page.route(/dataflow-envs\/me/, answers.me);
      await page.route(/dataflow-envs\/environments/, answer);
      await page.goto();
      await setTheme(page, theme);
      const panel = await openPanel(page);
      await expect(panel).toContainText(sign);
      await expect(panel.getByRole('status')).toHaveCount(name === 'loading' ? 1 : 0);
      await expectNoViolations(page);
      await picture(page, `panel-${name}`, theme, { panelOnly: true });
    });
  }
}
