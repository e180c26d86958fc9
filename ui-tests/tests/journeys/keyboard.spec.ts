import { expect, test } from '../fixtures';

test('create, save, build and activate without a mouse', async ({ deployment, lab }) => {
  const { page, detail, form } = lab;
  const { keyboard } = page;
  const python = await deployment.python();

  await lab.command('New Environment');
  await expect(form.field('Short Name')).toBeFocused();
  await keyboard.type('mlenv');
  await lab.tabTo(form.field('Full Name'));
  await keyboard.type('Machine Learning');
  await lab.tabTo(form.field('Python Version'));
  await keyboard.type(python);
  await lab.tabTo(form.field('Conda Libraries'));
  await keyboard.type('tiny-000==1.2');
  await keyboard.press('Escape');
  // Tab is not for indenting here: it leads on.
  await lab.tabTo(form.field('Pip Libraries'));
  await lab.tabTo(form.root.getByRole('button', { name: 'Save', exact: true }));
  await keyboard.press('Enter');

  await expect(detail.heading).toHaveText('Machine Learning');
  await lab.tabTo(detail.action('Build'));
  await keyboard.press('Enter');
  await detail.expectStatus('Draft');
  await lab.tabTo(detail.action('Activate'), 'Shift+Tab');
  await keyboard.press('Enter');
  await expect(detail.action('New Notebook')).toBeVisible();
  await expect(detail.root.locator(':focus')).toHaveCount(1);

  // The sections by arrows, the rows of the panel too.
  await lab.tabTo(detail.root.getByRole('tab', { name: 'Libraries' }));
  await keyboard.press('ArrowRight');
  await expect(detail.root.getByRole('tab', { name: 'Build log' })).toBeFocused();
  await lab.command('Show Environments');
  const panel = await lab.panel();
  await lab.tabTo(panel.name('mlenv'));
  await keyboard.press('Enter');
  await expect(detail.heading).toHaveText('Machine Learning');
});
