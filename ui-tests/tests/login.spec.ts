import { expect, test } from '@playwright/test';

import { type IServer, login, restOf, startServer } from './servers';

let server: IServer;

test.beforeAll(async () => {
  test.setTimeout(120_000);
  server = await startServer({ people: true });
});

test.afterAll(async () => {
  await server.stop();
});

test('lets nobody in without a login', async ({ browser }) => {
  const context = await browser.newContext({ baseURL: server.url });
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

test('takes no change without the XSRF token', async ({ browser }) => {
  const page = await login(browser, server.url, 'alice', '/dataflow-envs/health');
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

test('knows each person in their own browser', async ({ browser }) => {
  const pages = await Promise.all(
    (['alice', 'root'] as const).map(person => login(browser, server.url, person))
  );
  const answers = await Promise.all(
    pages.map(page =>
      page.evaluate(async () => (await fetch('/dataflow-envs/me')).json() as Promise<object>)
    )
  );
  expect(answers[0]).toMatchObject({ name: 'alice', is_admin: false, is_sole: false });
  expect(answers[1]).toMatchObject({ name: 'root', is_admin: true, approves_own: false });
  for (const page of pages) {
    await page.waitForFunction(() => 'jupyterapp' in window);
    await page.context().close();
  }
});
