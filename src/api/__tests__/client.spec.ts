import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { ServerConnection } from '@jupyterlab/services';

import { alice, environment } from '../../__tests__/sample';
import { ApiClient, ApiError } from '../client';

describe('ApiClient', () => {
  let server: Server;
  let client: ApiClient;
  let answer: { status: number; body: string };
  let asked: IncomingMessage[];

  beforeEach(async () => {
    asked = [];
    server = createServer((request, response) => {
      asked.push(request);
      response.writeHead(answer.status, { 'Content-Type': 'application/json' });
      response.end(answer.body);
    });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    client = new ApiClient(
      ServerConnection.makeSettings({ baseUrl: `http://127.0.0.1:${port}/user/alice/` })
    );
  });

  afterEach(async () => {
    await new Promise(resolve => server.close(resolve));
  });

  it('asks below the base URL of the server', async () => {
    answer = { status: 200, body: JSON.stringify(alice) };
    await expect(client.me()).resolves.toEqual(alice);
    expect(new URL(asked[0].url!, 'http://server').pathname).toBe('/user/alice/dataflow-envs/me');
  });

  it('reads a page', async () => {
    const page = { items: [environment()], next: 'abc=' };
    answer = { status: 200, body: JSON.stringify(page) };
    await expect(client.environments({ limit: 100, cursor: 'a&b' })).resolves.toEqual(page);
    const query = new URL(asked[0].url!, 'http://server').searchParams;
    expect(query.get('limit')).toBe('100');
    expect(query.get('cursor')).toBe('a&b');
    expect(query.has('no_track_activity')).toBe(false);
  });

  it('does not count as activity in the background', async () => {
    answer = { status: 200, body: JSON.stringify({ items: [], next: null }) };
    await client.environments({ background: true });
    expect(new URL(asked[0].url!, 'http://server').searchParams.get('no_track_activity')).toBe('1');
  });

  it("passes on the server's refusal", async () => {
    answer = {
      status: 429,
      body: JSON.stringify({ code: 'quota', message: 'You may have 5 environments.', errors: [] })
    };
    await expect(client.me()).rejects.toEqual(
      new ApiError(429, 'quota', 'You may have 5 environments.')
    );
    await expect(client.me()).rejects.toMatchObject({ status: 429, code: 'quota' });
  });

  it('changes what was read, not what somebody else made of it', async () => {
    answer = { status: 200, body: JSON.stringify(environment()) };
    await client.edit('mlenv', { full_name: 'x' }, '"7"');
    expect(asked[0].method).toBe('PATCH');
    expect(asked[0].headers['if-match']).toBe('"7"');
    await client.edit('mlenv', { full_name: 'x' });
    expect(asked[1].headers['if-match']).toBeUndefined();
  });

  it('takes an answer without content', async () => {
    answer = { status: 204, body: '' };
    await expect(client.remove('a/b', true)).resolves.toBeUndefined();
    expect(asked[0].method).toBe('DELETE');
    expect(asked[0].url).toMatch('/user/alice/dataflow-envs/environments/a%2Fb?force=true');
  });

  it('hands down what else a refusal tells', async () => {
    answer = {
      status: 409,
      body: JSON.stringify({ code: 'decided', message: 'Bob was first.', errors: [], by: 'bob' })
    };
    const refused = client.approve({ id: 'r1', digest: 'd' }, '');
    await expect(refused).rejects.toMatchObject({ code: 'decided', more: { by: 'bob' } });
  });

  it('tells a route that nobody serves from a refusal', async () => {
    answer = { status: 404, body: '<html>404 : Not Found</html>' };
    await expect(client.me()).rejects.toMatchObject({ status: 404, code: 'not_served' });
  });

  it("survives a proxy's page", async () => {
    answer = { status: 502, body: '<html>Bad Gateway</html>' };
    await expect(client.me()).rejects.toMatchObject({
      status: 502,
      code: 'unreadable_answer',
      message: '502 Bad Gateway'
    });
  });

  it('says that nothing answers', async () => {
    const { port } = server.address() as AddressInfo;
    const nobody = new ApiClient(
      ServerConnection.makeSettings({ baseUrl: `http://127.0.0.1:${port}/` })
    );
    server.closeAllConnections();
    await new Promise(resolve => server.close(resolve));
    await expect(nobody.me()).rejects.toBeInstanceOf(ServerConnection.NetworkError);
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  });
});
