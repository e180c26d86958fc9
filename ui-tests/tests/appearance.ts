import AxeBuilder from '@axe-core/playwright';
import { expect, type Page } from '@playwright/test';
import * as path from 'node:path';

import { type Lab, type Theme, THEMES } from './pages/lab';

const IMAGES = path.resolve(__dirname, '../../docs/images');
/** The rules whose result depends on the theme; the others are only tried in the light one. */
const COLOURS = ['color-contrast', 'link-in-text-block'];

/** Axe finds nothing in these parts of the page, which has this theme. */
export async function expectAccessible(
  page: Page,
  parts: readonly string[],
  theme: Theme = 'Light'
): Promise<void> {
  // Without the legacy mode axe opens a page of its own each time, to join what it found in frames of other origins.
  const builder = new AxeBuilder({ page }).setLegacyMode();
  parts.forEach(part => builder.include(part));
  if (theme !== 'Light') {
    builder.withRules(COLOURS);
  }
  const { violations } = await builder.analyze();
  expect
    .soft(
      violations.map(({ id, nodes }) => [id, ...nodes.map(node => node.failureSummary ?? '')]),
      `${parts.join()} in ${theme}`
    )
    .toEqual([]);
}

/**
 * A picture for the documentation, when UPDATE_IMAGES asks for them and in the themes that it shows.
 *
 * @param name - of the file in docs/images, without the theme
 * @param only - the part that is pictured; the whole page when it is left out
 */
export async function picture(
  page: Page,
  name: string,
  theme: Theme,
  only?: string
): Promise<void> {
  if (process.env.UPDATE_IMAGES && theme !== 'Dark High Contrast') {
    await page.mouse.move(0, 0);
    await (only ? page.locator(only) : page).screenshot({
      animations: 'disabled',
      path: path.join(IMAGES, `${name}-${theme.toLowerCase()}.png`)
    });
  }
}

/** Both, in every theme; `name` is null where there is no picture. It ends in the light one. */
export async function look(
  lab: Lab,
  name: string | null,
  parts: readonly string[],
  only?: string
): Promise<void> {
  for (const theme of [...THEMES].reverse()) {
    await lab.theme(theme);
    await expectAccessible(lab.page, parts, theme);
    if (name !== null) {
      await picture(lab.page, name, theme, only);
    }
  }
}
