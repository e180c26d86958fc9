import { expect } from '@jupyterlab/galata';
import type { APIRequestContext } from '@playwright/test';

interface IEnvironment {
  short_name: string;
  status: string;
}

interface IVersion {
  digest: string;
  packages: { name: string; version: string; build: string }[];
}

/** The server under test, over REST: what a person does at a terminal while the panel is open. */
export class Deployment {
  constructor(private readonly _request: APIRequestContext) {}

  /** Also those that are built, wait for approval, or are in use. */
  async removeAll(): Promise<void> {
    await this.release();
    let items: IEnvironment[];
    do {
      ({ items } = await this._read<{ items: IEnvironment[] }>('environments?limit=200'));
      for (const { short_name } of items) {
        const url = this._url(`environments/${short_name}?force=true`);
        expect((await this._request.delete(url)).ok()).toBe(true);
      }
    } while (items.length > 0);
  }

  async create(shortName: string, fullName: string, conda: string[] = []): Promise<void> {
    const answer = await this._request.post(this._url('environments'), {
      data: {
        short_name: shortName,
        full_name: fullName,
        python_version: await this._channel('python'),
        conda_requirements: conda
      }
    });
    expect(answer.status(), await answer.text()).toBe(201);
  }

  async edit(shortName: string, changes: Record<string, unknown>): Promise<void> {
    const answer = await this._request.patch(this._url(`environments/${shortName}`), {
      data: changes
    });
    expect(answer.status(), await answer.text()).toBe(200);
  }

  /** Build it and wait for the end. */
  async built(shortName: string, status = 'Draft'): Promise<void> {
    await this.build(shortName);
    await expect.poll(() => this.status(shortName), { timeout: 120_000 }).toBe(status);
  }

  /** What a version holds, and its digest. */
  async version(shortName: string, number: number): Promise<IVersion> {
    return this._read(`environments/${shortName}/versions/${number}`);
  }

  async build(shortName: string): Promise<void> {
    const answer = await this._request.post(this._url(`environments/${shortName}/build`), {
      data: {}
    });
    expect(answer.status(), await answer.text()).toBe(202);
  }

  /** Any of the actions that are posted, such as `submit`. */
  async act(shortName: string, action: string, data: object = {}): Promise<void> {
    const url = this._url(`environments/${shortName}/${action}`);
    const answer = await this._request.post(url, { data });
    expect(answer.ok(), await answer.text()).toBe(true);
  }

  async approve(shortName: string): Promise<void> {
    const { items } = await this._read<{ items: { id: string; digest: string }[] }>(
      `reviews?state=pending&environment=${shortName}`
    );
    const [{ id, digest }] = items;
    const answer = await this._request.post(this._url(`reviews/${id}/approve`), {
      data: { digest, comment: '' }
    });
    expect(answer.ok(), await answer.text()).toBe(true);
  }

  async status(shortName: string): Promise<string> {
    return (await this._read<IEnvironment>(`environments/${shortName}`)).status;
  }

  /** From now on this package does not arrive, until `release`; no other spec builds it, or it is in the cache. */
  async hold(name = 'pandas'): Promise<void> {
    await this._channel(`hold/${name}`);
  }

  async release(): Promise<void> {
    await this._channel('release');
  }

  private async _channel(word: string): Promise<string> {
    const { channels } = await this._read<{ channels: string[] }>('me');
    const answer = await this._request.get(`${channels[0]}/${word}`);
    expect(answer.ok()).toBe(true);
    return answer.text();
  }

  private async _read<T>(path: string): Promise<T> {
    const answer = await this._request.get(this._url(path));
    expect(answer.status(), await answer.text()).toBe(200);
    return (await answer.json()) as T;
  }

  private _url(path: string): string {
    return `dataflow-envs/${path}`;
  }
}
