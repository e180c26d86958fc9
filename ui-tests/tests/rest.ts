import { type APIRequestContext, type APIResponse, expect } from '@playwright/test';

interface IEnvironment {
  short_name: string;
  status: string;
  full_name: string;
  failure: string | null;
  latest_version: number | null;
  kernel_name: string;
  review: { id: string; digest: string } | null;
}

/** What a test asks to be built. */
export interface ISpec {
  conda?: readonly string[];
  pip?: readonly string[];
  description?: string;
}

/** The server under test, over REST: what a person does at a terminal while the panel is open. */
export class Deployment {
  constructor(readonly request: APIRequestContext) {}

  /** As if nobody had been here: no environments, no kernels, nothing held up. */
  async reset(): Promise<void> {
    await this.release();
    for (const { id } of await this._json<{ id: string }[]>(this.request.get('api/sessions'))) {
      await this.request.delete(`api/sessions/${id}`);
    }
    await this.removeAll();
  }

  async removeAll(): Promise<void> {
    for (const { short_name, status } of await this.list()) {
      if (status === 'In Progress') {
        await this._post(`environments/${short_name}/cancel`);
        await this.expectStatus(short_name, 'Failed');
      }
      const answer = await this.request.delete(this._url(`environments/${short_name}?force=true`));
      expect(answer.ok(), await answer.text()).toBe(true);
    }
  }

  async list(): Promise<IEnvironment[]> {
    const found: IEnvironment[] = [];
    let next: string | null = '';
    while (next !== null) {
      const page: { items: IEnvironment[]; next: string | null } = await this._read(
        `environments?limit=200${next && `&cursor=${encodeURIComponent(next)}`}`
      );
      found.push(...page.items);
      next = page.next;
    }
    return found;
  }

  async create(shortName: string, fullName: string, spec: readonly string[] | ISpec = {}) {
    const { conda = [], pip = [], description = '' } = 'length' in spec ? { conda: spec } : spec;
    await this._post('environments', {
      short_name: shortName,
      full_name: fullName,
      description,
      python_version: await this.python(),
      conda_requirements: conda,
      pip_requirements: pip
    });
  }

  async edit(shortName: string, conda: readonly string[]): Promise<void> {
    const answer = await this.request.patch(this._url(`environments/${shortName}`), {
      data: { conda_requirements: conda }
    });
    expect(answer.ok(), await answer.text()).toBe(true);
  }

  async build(shortName: string): Promise<void> {
    await this._post(`environments/${shortName}/build`);
  }

  /** Create and build, and wait until it is done. */
  async built(shortName: string, fullName: string, spec: readonly string[] | ISpec = {}) {
    await this.create(shortName, fullName, spec);
    await this.rebuilt(shortName);
  }

  /** Build, and wait until it is done. */
  async rebuilt(shortName: string, status = 'Draft'): Promise<void> {
    await this.build(shortName);
    await this.expectStatus(shortName, status);
  }

  async submit(shortName: string, comment = ''): Promise<void> {
    await this._post(`environments/${shortName}/submit`, { comment });
  }

  async decide(
    shortName: string,
    decision: 'approve' | 'reject',
    comment: string = ''
  ): Promise<void> {
    const { review } = await this.environment(shortName);
    const { id, digest } = review!;
    await this._post(`reviews/${id}/${decision}`, { digest, comment });
  }

  async activate(shortName: string): Promise<void> {
    await this._post(`environments/${shortName}/activate`);
  }

  environment(shortName: string): Promise<IEnvironment> {
    return this._read(`environments/${shortName}`);
  }

  async status(shortName: string): Promise<string> {
    return (await this.environment(shortName)).status;
  }

  async expectStatus(shortName: string, status: string): Promise<void> {
    await expect
      .poll(() => this.status(shortName), { intervals: [100], timeout: 90_000 })
      .not.toBe('In Progress');
    const reached = await this.environment(shortName);
    expect(reached.status, `${reached.failure}`).toBe(status);
  }

  /** The whole log of the latest attempt. */
  async log(shortName: string, version: number): Promise<string> {
    const answer = await this.request.get(
      this._url(`environments/${shortName}/versions/${version}/log`)
    );
    expect(answer.ok(), await answer.text()).toBe(true);
    return answer.text();
  }

  /** What names the exact packages of a version. */
  async digest(shortName: string, version: number): Promise<string> {
    const found = await this._read<{ digest: string }>(
      `environments/${shortName}/versions/${version}`
    );
    return found.digest;
  }

  /** The version of Python that the channel has. */
  python(): Promise<string> {
    return this._channel('python');
  }

  /** From now on this package does not arrive; until `release`. */
  async hold(name = 'pandas'): Promise<void> {
    await this._channel(`hold/${name}`);
  }

  async release(): Promise<void> {
    await this._channel('release');
  }

  private async _channel(word: string): Promise<string> {
    const { channels } = await this._read<{ channels: string[] }>('me');
    const answer = await this.request.get(`${channels[0]}/${word}`);
    expect(answer.ok()).toBe(true);
    return answer.text();
  }

  private _read<T>(path: string): Promise<T> {
    return this._json<T>(this.request.get(this._url(path)));
  }

  private async _post(path: string, data: object = {}): Promise<void> {
    const answer = await this.request.post(this._url(path), { data });
    expect(answer.ok(), await answer.text()).toBe(true);
  }

  private async _json<T>(asked: Promise<APIResponse>): Promise<T> {
    const answer = await asked;
    expect(answer.status(), await answer.text()).toBe(200);
    return (await answer.json()) as T;
  }

  private _url(path: string): string {
    return `dataflow-envs/${path}`;
  }
}
