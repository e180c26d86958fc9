import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';

import type { components } from './types';

export type Environment = components['schemas']['EnvironmentAnswer'];
export type EnvironmentList = components['schemas']['EnvironmentList'];
export type Me = components['schemas']['MeAnswer'];
type Refusal = components['schemas']['ErrorAnswer'];

/**
 * What the server refused, with its stable code and its sentence for people.
 */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string
  ) {
    super(message);
    this.name = 'ApiError';
  }
}

/**
 * The REST interface below `dataflow-envs/` of the Jupyter server.
 *
 * Every method rejects with `ApiError` for a refusal and with `ServerConnection.NetworkError` when nothing answers.
 */
export class ApiClient {
  constructor(private readonly _settings = ServerConnection.makeSettings()) {}

  /**
   * Who is asking, and what they may use.
   */
  me(): Promise<Me> {
    return this._get<Me>('me');
  }

  /**
   * One page of the environments the person may see.
   *
   * @param query.limit - how many at most
   * @param query.cursor - `next` of the page before
   * @param query.background - whether nobody asked for this: the server does not count it as activity
   */
  environments(
    query: { limit?: number; cursor?: string; background?: boolean } = {}
  ): Promise<EnvironmentList> {
    const { limit = 100, cursor, background } = query;
    return this._get<EnvironmentList>('environments', {
      limit: String(limit),
      ...(cursor ? { cursor } : {}),
      ...(background ? { no_track_activity: '1' } : {})
    });
  }

  private async _get<T>(path: string, query: Record<string, string> = {}): Promise<T> {
    const url =
      URLExt.join(this._settings.baseUrl, 'dataflow-envs', path) +
      URLExt.objectToQueryString(query);
    const response = await ServerConnection.makeRequest(url, { method: 'GET' }, this._settings);
    const text = await response.text();
    if (!response.ok) {
      throw refusalOf(response, text);
    }
    return JSON.parse(text) as T;
  }
}

function refusalOf(response: Response, text: string): ApiError {
  let refusal: Partial<Refusal> | null = null;
  try {
    refusal = JSON.parse(text) as Partial<Refusal> | null;
  } catch {
    // A proxy's page, or Jupyter's own for a route that no extension serves.
  }
  return new ApiError(
    response.status,
    refusal?.code ?? (response.status === 404 ? 'not_served' : 'unreadable_answer'),
    refusal?.message ?? `${response.status} ${response.statusText}`.trim()
  );
}
