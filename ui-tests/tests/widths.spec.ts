import type { Locator } from '@playwright/test';

import { Lab } from './pages/lab';
import { expect, test } from './seeded';

/** What sticks out of a view to the side: nobody could reach it. Areas that scroll by themselves are no offence. */
async function stickingOut(view: Locator): Promise<string[]> {
  return view.evaluate(root => {
    const edge = root.getBoundingClientRect();
    const scrolls = (node: Element | null): boolean =>
      node !== null &&
      node !== root &&
      (['auto', 'scroll', 'hidden'].includes(getComputedStyle(node).overflowX) ||
        scrolls(node.parentElement));
    return Array.from(root.querySelectorAll('*'))
      .filter(node => {
        const { left, right, width, height } = node.getBoundingClientRect();
        const sticksOut = right > edge.right + 1 || left < edge.left - 1;
        return width > 1 && height > 1 && sticksOut && !scrolls(node.parentElement);
      })
      .map(node =>
        `${node.tagName.toLowerCase()}.${node.className}: ${node.textContent}`.slice(0, 99)
      );
  });
}

test('nothing is cut off between 250 and 1,600 px, in the dark theme too', async ({
  page,
  seeded
}) => {
  const { deployment, url } = seeded;
  await deployment.built('wide', 'W'.repeat(100), {
    conda: ['tiny-000'],
    description: 'x'.repeat(500)
  });
  const lab = await Lab.open(page, url);
  const panel = await lab.panel();
  await lab.theme('Dark');
  await panel.filter.fill('wide');
  const { admin, detail, form } = lab;
  const views: [string, () => Promise<Locator>][] = [
    ['panel', async () => panel.root],
    ...(['Libraries', 'Build log', 'Versions', 'Review', 'Export'] as const).map(
      section =>
        [
          section,
          async () => {
            await panel.open('wide');
            await detail.section(section);
            return detail.root;
          }
        ] as [string, () => Promise<Locator>]
    ),
    [
      'form',
      async () => {
        await detail.action('Edit').click();
        await expect(form.field('Full Name')).toBeVisible();
        return form.root;
      }
    ],
    ...(['Pending', 'Published', 'Policy', 'Audit'] as const).map(
      section =>
        [
          section,
          async () => {
            await lab.command('Python Environments');
            await admin.section(section);
            return admin.root;
          }
        ] as [string, () => Promise<Locator>]
    )
  ];
  for (const [name, show] of views) {
    const view = await show();
    for (const [width, side] of [
      [1600, 350],
      [700, 250]
    ]) {
      await page.setViewportSize({ width, height: 800 });
      await lab.setSideBar(side);
      expect.soft(await stickingOut(view), `${name}, ${width} px wide`).toEqual([]);
      await page.screenshot({ path: test.info().outputPath(`${name}-${width}.png`) });
    }
  }
});
