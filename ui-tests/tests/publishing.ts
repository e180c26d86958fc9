import { expect } from '@jupyterlab/galata';
import type { APIRequestContext, APIResponse } from '@playwright/test';

import { Deployment } from './deployment';

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

interface IReview {
  id: string;
  digest: string;
}

/** What owners and administrators do at a terminal while somebody looks at the administrators' tab. */
export class Publishing {
  constructor(private readonly _request: APIRequestContext) {
    this.deployment = new Deployment(_request);
  }

  readonly deployment: Deployment;

  /** No environments, and a policy that allows everything. */
  async reset(): Promise<void> {
    await this._answered(this._request.put('dataflow-envs/policy', { data: NO_POLICY }));
    const { items } = await this._read<{ items: { short_name: string }[] }>('environments');
    for (const { short_name } of items) {
      await this._answered(
        this._request.delete(`dataflow-envs/environments/${short_name}?force=true`)
      );
    }
  }

  async build(shortName: string): Promise<void> {
    await this.deployment.build(shortName);
    await expect
      .poll(() => this.deployment.status(shortName), { timeout: 90_000 })
      .toMatch(/Draft|Failed/);
    expect(await this.deployment.status(shortName)).toBe('Draft');
  }

  async edit(shortName: string, conda: string[]): Promise<void> {
    const data = { conda_requirements: conda };
    await this._answered(this._request.patch(`dataflow-envs/environments/${shortName}`, { data }));
  }

  async submit(shortName: string, comment = ''): Promise<IReview> {
    const answer = await this._post(`environments/${shortName}/submit`, { comment });
    return (await answer.json()) as IReview;
  }

  async decide(
    decision: 'approve' | 'reject',
    { id, digest }: IReview,
    comment = ''
  ): Promise<void> {
    await this._post(`reviews/${id}/${decision}`, { digest, comment });
  }

  async published(shortName: string, fullName: string, conda: string[]): Promise<void> {
    await this.deployment.create(shortName, fullName, conda);
    await this.build(shortName);
    await this.decide('approve', await this.submit(shortName));
  }

  async activate(shortName: string): Promise<void> {
    await this._post(`environments/${shortName}/activate`);
  }

  async review(shortName: string): Promise<{ state: string; comment: string | null }> {
    const path = `environments/${shortName}`;
    return (await this._read<{ review: { state: string; comment: string | null } }>(path)).review;
  }

  private _post(path: string, data: object = {}): Promise<APIResponse> {
    return this._answered(this._request.post(`dataflow-envs/${path}`, { data }));
  }

  private async _read<T>(path: string): Promise<T> {
    const answer = await this._answered(this._request.get(`dataflow-envs/${path}`));
    return (await answer.json()) as T;
  }

  private async _answered(asked: Promise<APIResponse>): Promise<APIResponse> {
    const answer = await asked;
    expect(answer.ok(), await answer.text()).toBe(true);
    return answer;
  }
}
