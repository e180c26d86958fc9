import type { Locator, Page } from '@playwright/test';

/** JupyterLab's launcher, the one in front. */
export class Launcher {
  constructor(readonly page: Page) {
    this.root = page.locator('.jp-Launcher').filter({ visible: true }).first();
  }

  readonly root: Locator;

  /** The headings, in order. */
  get sections(): Locator {
    return this.root.locator('.jp-Launcher-sectionTitle');
  }

  /** What starts a notebook with this environment. */
  card(name: string, section = 'Dataflow Environments'): Locator {
    return this.root
      .locator('.jp-Launcher-section')
      .filter({ has: this.page.getByRole('heading', { name: section, exact: true }) })
      .locator('.jp-LauncherCard')
      .filter({ hasText: name });
  }
}
