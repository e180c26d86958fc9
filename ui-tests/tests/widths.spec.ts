import type { Locator } from '@playwright/test';

import { expect, test } from './fixtures';
import type { AdminSection } from './pages/admin';
import type { SectionName } from './pages/detail';
import { Lab } from './pages/lab';

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
  deployment,
  page
}) => {
  const description = 'x'.repeat(500);
  const name = 'W'.repeat(100);
  await deployment.published('rep', 'Monthly Reporting', ['tiny-000=1.0']);
  await deployment.activate('rep');
  await deployment.built('wide', name, { conda: ['tiny-000'], description });
  await deployment.submit('wide', description);
  await deployment.create('other', name, { conda: ['no-such-package'], description });
  const lab = await Lab.open(page);
  const panel = await lab.panel();
  await lab.theme('Dark');
  const { admin, detail, form } = lab;
  const section = (shown: SectionName) => async () => {
    await panel.open('wide');
    await detail.section(shown);
    return detail.root;
  };
  const adminSection = (shown: AdminSection) => async () => {
    await lab.openAdmin();
    await admin.section(shown);
    return admin.root;
  };
  const views: Record<string, () => Promise<Locator>> = {
    panel: async () => panel.root,
    Libraries: section('Libraries'),
    'Build log': section('Build log'),
    Versions: section('Versions'),
    Review: section('Review'),
    Export: section('Export'),
    form: async () => {
      await lab.openForm('edit', 'other');
      await form.fill({ conda: ['scikit learn', `a${description}`] });
      await expect(form.problems.first()).toBeVisible();
      return form.root;
    },
    'a review': async () => {
      await lab.openAdmin();
      await admin.open('wide');
      await expect(admin.root).toContainText('tiny-000');
      return admin.root;
    },
    Published: async () => {
      await adminSection('Published')();
      await admin.button('Usage of rep').click();
      await expect(admin.root.getByRole('table', { name: /^People who have/ })).toBeVisible();
      await admin.button('Usage of rep').click();
      return admin.root;
    },
    Policy: adminSection('Policy'),
    Audit: adminSection('Audit'),
    Pending: async () => {
      await adminSection('Pending')();
      const back = admin.button('Back to Pending');
      if (await back.isVisible()) {
        await back.click();
      }
      return admin.root;
    }
  };
  // The narrowest leaves some 320 px for the tabs.
  for (const [width, side] of [
    [1600, 350],
    [700, 250],
    [640, 250]
  ]) {
    await page.setViewportSize({ width, height: 800 });
    await lab.setSideBar(side);
    for (const [view, show] of Object.entries(views)) {
      const root = await show();
      await expect.soft
        .poll(() => stickingOut(root), { message: `${view}, ${width} px` })
        .toEqual([]);
    }
  }
});
