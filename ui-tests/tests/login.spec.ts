import { expect, test } from './fixtures';
import { login, restOf } from './servers';

test('lets nobody in without a login', async ({ browser, people }) => {
  const context = await browser.newContext({ baseURL: people.url });
  const page = await context.newPage();
  await page.goto('/lab');
  expect(new URL(page.url()).pathname).toBe('/login');
  await expect(page.getByRole('button', { name: 'Log in' })).toBeVisible();
  for (const route of ['me', 'environments', 'kernels', 'openapi.json']) {
    const answer = await context.request.get(`/dataflow-envs/${route}`);
    expect(answer.status(), route).toBe(403);
    expect(await answer.json()).toMatchObject({ code: 'not_logged_in' });
  }
  expect((await context.request.get('/dataflow-envs/me?token=alice')).status()).toBe(403);

  await page.getByLabel('Name').fill('alice');
  await page.getByLabel('Password').fill('not her key');
  await page.getByRole('button', { name: 'Log in' }).click();
  await expect(page.getByRole('alert')).toHaveText('Invalid credentials');
  expect((await context.request.get('/dataflow-envs/me')).status()).toBe(403);
  await context.close();
});

test('takes no change without the XSRF token', async ({ browser, people }) => {
  const page = await login(browser, people.url, 'alice', '/dataflow-envs/health');
  const data = { short_name: 'xsrf', full_name: 'Forged', python_version: '3.11' };
  const rest = await restOf(page);
  const forged = await page.request.post('/dataflow-envs/environments', { data });
  expect(forged.status()).toBe(403);
  expect((await rest.get('dataflow-envs/environments/xsrf')).status()).toBe(404);

  expect((await rest.post('dataflow-envs/environments', { data })).status()).toBe(201);
  expect((await page.request.delete('/dataflow-envs/environments/xsrf')).status()).toBe(403);
  expect((await rest.delete('dataflow-envs/environments/xsrf')).status()).toBe(204);
  await rest.dispose();
  await page.context().close();
});
