import { type APIRequestContext, type APIResponse, expect } from '@playwright/test';

const NO_POLICY = {
  channels: [],
  indexes: [],
  denied_packages: [],
  required_packages: [],
  python_versions: [],
  max_environments: null,
  max_versions: null,
  max_bytes: null
};
const SETTINGS = 'lab/api/settings/jupyter_dataflow_envs:plugin';

export interface IReview {
  id: string;
  digest: string;
  state: string;
  comment: string | null;
}

export interface IEnvironment {
  short_name: string;
  full_name: string;
  status: string;
  failure: string | null;
  review: IReview | null;
}

/** What a test asks to be built; a mere list is of conda libraries. */
export interface ISpec {
  conda?: readonly string[];
  pip?: readonly string[];
  description?: string;
}

/** Numbers what is held, because what a deployment has once downloaded is in its cache and can't be held any more. */
let held = 0;

/** A server over REST: what its people do at a terminal while somebody looks at the page. */
export class Deployment {
  /** @param request - with the server as its base address, and the cookies of whoever it is */
  constructor(readonly request: APIRequestContext) {}

  /** As if nobody had been here: no environments, kernels, policy or settings, nothing held up. */
  async reset(): Promise<void> {
    await this.release();
    const sessions = await this._json<{ id: string }[]>(this.request.get('api/sessions'));
    for (const { id } of sessions) {
      await this.request.delete(`api/sessions/${id}`);
    }
    await this.removeAll();
    await this.removeLocal();
    await this.setPolicy({});
    await this.set({});
  }

  /** Also those that are built at this moment, wait for approval, or are in use. */
  async removeAll(): Promise<void> {
    for (const { short_name, status } of await this.list()) {
      if (status === 'In Progress') {
        // It may end by itself just now.
        await this.request.post(this._url(`environments/${short_name}/cancel`), { data: {} });
        await expect.poll(() => this.status(short_name)).not.toBe('In Progress');
      }
      await this.remove(short_name);
    }
  }

  /** The Local environments that were made here, also those that are being made. */
  async removeLocal(): Promise<void> {
    type Listed = { items: { id: string; kind: string; status: string }[] };
    const made = async () =>
      (await this._read<Listed>('local')).items.filter(({ kind }) => kind === 'made');
    for (const { id, status } of await made()) {
      if (status === 'In Progress') {
        await this.request.post(this._url(`local/${id}/cancel`), { data: {} });
      }
      // A kernel that has just been shut down may still be ending.
      await expect
        .poll(async () => (await this.request.delete(this._url(`local/${id}`))).ok())
        .toBe(true);
    }
  }

  async remove(shortName: string): Promise<void> {
    const url = this._url(`environments/${shortName}?force=true`);
    await this._answered(this.request.delete(url));
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

  environment(shortName: string): Promise<IEnvironment> {
    return this._read(`environments/${shortName}`);
  }

  async create(
    shortName: string,
    fullName: string,
    spec: readonly string[] | ISpec = {}
  ): Promise<void> {
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

  /** @param changes - by the names of the API; a mere list is of conda libraries */
  async edit(shortName: string, changes: readonly string[] | Record<string, unknown>) {
    const data = 'length' in changes ? { conda_requirements: changes } : changes;
    await this._answered(this.request.patch(this._url(`environments/${shortName}`), { data }));
  }

  async build(shortName: string): Promise<void> {
    await this._post(`environments/${shortName}/build`);
  }

  /** Create and build, and wait until it is done. */
  async built(
    shortName: string,
    fullName: string,
    spec: readonly string[] | ISpec = {},
    status = 'Draft'
  ): Promise<void> {
    await this.create(shortName, fullName, spec);
    await this.rebuilt(shortName, status);
  }

  /** Build, and wait until it is done. */
  async rebuilt(shortName: string, status = 'Draft'): Promise<void> {
    await this.build(shortName);
    await this.expectStatus(shortName, status);
  }

  async cancel(shortName: string): Promise<void> {
    await this._post(`environments/${shortName}/cancel`);
  }

  async activate(shortName: string): Promise<void> {
    await this._post(`environments/${shortName}/activate`);
  }

  async deactivate(shortName: string): Promise<void> {
    await this._post(`environments/${shortName}/deactivate`);
  }

  async submit(shortName: string, comment = ''): Promise<void> {
    await this._post(`environments/${shortName}/submit`, { comment });
  }

  async decide(
    shortName: string,
    decision: 'approve' | 'reject',
    comment: string = ''
  ): Promise<void> {
    const { id, digest } = await this.review(shortName);
    await this._post(`reviews/${id}/${decision}`, { digest, comment });
  }

  /** The latest one of this environment. */
  async review(shortName: string): Promise<IReview> {
    const { review } = await this.environment(shortName);
    return review!;
  }

  /** Created, built, submitted and approved. */
  async published(shortName: string, fullName: string, conda: readonly string[]): Promise<void> {
    await this.built(shortName, fullName, conda);
    await this.submit(shortName);
    await this.decide(shortName, 'approve');
  }

  async status(shortName: string): Promise<string> {
    return (await this.environment(shortName)).status;
  }

  /** Once no build goes on. */
  async expectStatus(shortName: string, status: string): Promise<void> {
    await expect
      .poll(() => this.status(shortName), { intervals: [100], timeout: 90_000 })
      .not.toBe('In Progress');
    const reached = await this.environment(shortName);
    expect(reached.status, `${reached.failure}`).toBe(status);
  }

  /** The whole log of an attempt; 0: of the latest. */
  async log(shortName: string, version: number, attempt = 0): Promise<string> {
    const parts: Buffer[] = [];
    for (let offset = 0; ;) {
      const path = `environments/${shortName}/versions/${version}/log`;
      const answer = await this._answered(
        this.request.get(this._url(`${path}?attempt=${attempt}&offset=${offset}`))
      );
      const part = await answer.body();
      if (part.length === 0) {
        return Buffer.concat(parts).toString();
      }
      parts.push(part);
      offset = Number(answer.headers()['x-next-offset']);
    }
  }

  /** What names the exact packages of a version. */
  async digest(shortName: string, version: number): Promise<string> {
    const path = `environments/${shortName}/versions/${version}`;
    return (await this._read<{ digest: string }>(path)).digest;
  }

  /** The environments whose kernels run. */
  async running(): Promise<string[]> {
    const { items } = await this._read<{ items: { short_name: string }[] }>('kernels');
    return items.map(({ short_name: name }) => name);
  }

  /** What is not named is allowed. */
  async setPolicy(policy: Record<string, unknown>): Promise<void> {
    const data = { ...NO_POLICY, ...policy };
    await this._answered(this.request.put(this._url('policy'), { data }));
  }

  /** What the person has in JupyterLab's settings editor; the rest is as it is delivered. Pages that load later have it. */
  async set(settings: Record<string, unknown>): Promise<void> {
    const data = { raw: JSON.stringify(settings) };
    await this._answered(this.request.put(SETTINGS, { data }));
  }

  /** The version of Python that the channel has. */
  python(): Promise<string> {
    return this._channel('python');
  }

  /**
   * From now on a package does not arrive, until `release`: a build with the requirement that this answers stays in its
   * phase `downloading`.
   */
  async hold(): Promise<string> {
    const package_ = `tiny-0${10 + (held % 10)}`;
    const version = `1.${Math.floor(held / 10) % 10}`;
    held++;
    await this._channel(`hold/${package_}-${version}`);
    return `${package_}==${version}`;
  }

  async release(): Promise<void> {
    await this._channel('release');
  }

  private async _channel(word: string): Promise<string> {
    const { channels } = await this._read<{ channels: string[] }>('me');
    const answer = await this._answered(this.request.get(`${channels[0]}/${word}`));
    return answer.text();
  }

  private _read<T>(path: string): Promise<T> {
    return this._json<T>(this.request.get(this._url(path)));
  }

  private async _post(path: string, data: object = {}): Promise<void> {
    await this._answered(this.request.post(this._url(path), { data }));
  }

  private async _json<T>(asked: Promise<APIResponse>): Promise<T> {
    return (await (await this._answered(asked)).json()) as T;
  }

  private async _answered(asked: Promise<APIResponse>): Promise<APIResponse> {
    const answer = await asked;
    expect(answer.ok(), answer.ok() ? '' : await answer.text()).toBe(true);
    return answer;
  }

  private _url(path: string): string {
    return `dataflow-envs/${path}`;
  }
}
