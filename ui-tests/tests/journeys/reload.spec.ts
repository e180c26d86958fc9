import { expect, test } from './journey';

test('a reload in the middle of a build loses nothing of the log and shows nothing twice', async ({
  deployment,
  lab
}) => {
  await deployment.create('mlenv', 'Machine Learning', { conda: ['tiny-016'] });
  const panel = await lab.panel();
  await panel.open('mlenv');
  const { detail } = lab;
  await deployment.hold('tiny-016');
  await detail.action('Build').click();
  await detail.section('Build log');
  await expect(detail.log.root).toContainText('Downloading');

  await lab.reload();
  await expect(detail.heading).toHaveText('Machine Learning');
  await expect(detail.root.getByRole('tab', { name: 'Build log' })).toHaveAttribute(
    'aria-selected',
    'true'
  );
  await expect(detail.log.root).toContainText('Downloading');
  await detail.expectStatus('In Progress');
  await deployment.release();
  await expect(detail.log.root).toContainText('Succeeded', { timeout: 60_000 });
  await detail.expectStatus('Draft');
  expect(await detail.log.lines()).toEqual(
    (await deployment.log('mlenv', 1)).trimEnd().split('\n')
  );
});
