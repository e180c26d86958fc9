import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';

import type {
  Arrival,
  Compared,
  Environment,
  EnvironmentEdit,
  EnvironmentList,
  EnvironmentSpec,
  EventList,
  ExportFormat,
  FieldError,
  Imported,
  Manager,
  Me,
  Newer,
  PackageVersions,
  Policy,
  PolicyBody,
  PolicyChanged,
  Preview,
  PreviewRequest,
  Refusal,
  Review,
  ReviewPage,
  RunningKernel,
  ShortNameAvailability,
  Usage,
  Version,
  VersionSummary,
  Violating
} from './schemas';

/**
 * What the server refused, with its stable code and its sentence for people.
 */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    /** Which fields and lines are wrong, when that is what was refused. */
    readonly errors: readonly FieldError[] = [],
    /** What else the refusal tells: the earlier decision, who uses it, the violations, the conflict. */
    readonly more: Readonly<Record<string, unknown>> = {}
  ) {
    super(message);
    this.name = 'ApiError';
  }
}

export type Query = Record<string, string | number | boolean | null | undefined>;

export interface ICall {
  query?: Query;
  body?: unknown;
  etag?: string;
  signal?: AbortSignal;
}

/**
 * The REST interface below `dataflow-envs/` of the Jupyter server.
 *
 * Every method rejects with `ApiError` for a refusal and with `ServerConnection.NetworkError` when nothing answers.
 */
export class ApiClient {
  constructor(readonly settings: ServerConnection.ISettings = ServerConnection.makeSettings()) {}

  /** Who is asking, and what they may use. */
  me(): Promise<Me> {
    return this._get('me');
  }

  /**
   * One page of the environments the person may see.
   *
   * @param query.limit - how many at most
   * @param query.cursor - `next` of the page before
   * @param query.background - whether nobody asked for this: the server does not count it as activity
   */
  environments(
    query: {
      q?: string;
      status?: string;
      mine?: boolean;
      sort?: string;
      limit?: number;
      cursor?: string;
      background?: boolean;
    } = {}
  ): Promise<EnvironmentList> {
    const { background, ...rest } = query;
    return this._get('environments', { limit: 100, ...rest, ...unasked(background) });
  }

  /** @param background - whether nobody asked for this: the server does not count it as activity */
  environment(shortName: string, background = false): Promise<Environment> {
    return this._get(of(shortName), unasked(background));
  }

  create(spec: EnvironmentSpec): Promise<Environment> {
    return this.call('POST', 'environments', { body: spec });
  }

  /** @param etag - of the environment that was edited: who changed it meanwhile is not overwritten (412) */
  edit(shortName: string, edit: EnvironmentEdit, etag?: string): Promise<Environment> {
    return this.call('PATCH', of(shortName), { body: edit, etag });
  }

  /** @param force - although it is in use; for administrators */
  remove(shortName: string, force = false): Promise<void> {
    return this.call('DELETE', of(shortName), { query: force ? { force } : {} });
  }

  /** What a build of this would install; nothing is stored. Solves, so it can take seconds. */
  preview(shortName: string, spec: PreviewRequest, signal?: AbortSignal): Promise<Preview> {
    return this.call('POST', of(shortName, 'preview'), { body: spec, signal });
  }

  /** The same for an environment that is not saved yet. */
  previewSpec(spec: PreviewRequest, signal?: AbortSignal): Promise<Preview> {
    return this.call('POST', 'preview', { body: spec, signal });
  }

  /** Whether a new environment can have this short name, and if not, why. */
  shortName(name: string): Promise<ShortNameAvailability> {
    return this._get(`short-names/${encodeURIComponent(name)}`);
  }

  build(
    shortName: string,
    options: { pin_installed?: boolean; from_scratch?: boolean } = {}
  ): Promise<VersionSummary> {
    return this.call('POST', of(shortName, 'build'), { body: options });
  }

  cancel(shortName: string): Promise<VersionSummary> {
    return this.call('POST', of(shortName, 'cancel'));
  }

  revert(shortName: string, version: number): Promise<VersionSummary> {
    return this.call('POST', of(shortName, 'revert'), { body: { version } });
  }

  /** Newest first. */
  async versions(shortName: string): Promise<VersionSummary[]> {
    return (await this._get<{ items: VersionSummary[] }>(of(shortName, 'versions'))).items;
  }

  version(shortName: string, number: number): Promise<Version> {
    return this._get(of(shortName, 'versions', number));
  }

  /** Packages of which the channels and indexes hold a newer version; asks them, so it can take seconds. */
  async newer(shortName: string, number: number): Promise<Newer[]> {
    return (await this._get<{ items: Newer[] }>(of(shortName, 'versions', number, 'newer'))).items;
  }

  /** A version as a file for other tools. */
  exported(shortName: string, number: number, format: ExportFormat): Promise<string> {
    return this._text('GET', of(shortName, 'versions', number, 'export', format));
  }

  /** @param left - `short@version`, or `short` for the version that one can use; so too `right` */
  compare(left: string, right: string): Promise<Compared> {
    return this._get('compare', { left, right });
  }

  submit(shortName: string, comment: string): Promise<Review> {
    return this.call('POST', of(shortName, 'submit'), { body: { comment } });
  }

  withdraw(shortName: string, comment = ''): Promise<Review> {
    return this.call('POST', of(shortName, 'withdraw'), { body: { comment } });
  }

  /** Newest first: all for administrators, one's own otherwise. */
  async reviews(query: { state?: string; environment?: string } = {}): Promise<Review[]> {
    return (await this._get<{ items: Review[] }>('reviews', query)).items;
  }

  review(id: string): Promise<ReviewPage> {
    return this._get(`reviews/${encodeURIComponent(id)}`);
  }

  /** @param review - as it was looked at: the decision is about its digest */
  approve(review: Pick<Review, 'id' | 'digest'>, comment: string): Promise<Review> {
    return this._decide('approve', review, comment);
  }

  /** @param comment - what the owner reads; required */
  reject(review: Pick<Review, 'id' | 'digest'>, comment: string): Promise<Review> {
    return this._decide('reject', review, comment);
  }

  deprecate(shortName: string, reason: string): Promise<Environment> {
    return this.call('POST', of(shortName, 'deprecate'), { body: { reason } });
  }

  undeprecate(shortName: string): Promise<Environment> {
    return this.call('POST', of(shortName, 'undeprecate'), { body: {} });
  }

  unpublish(shortName: string): Promise<Environment> {
    return this.call('POST', of(shortName, 'unpublish'), { body: {} });
  }

  transfer(shortName: string, owner: string): Promise<Environment> {
    return this.call('POST', of(shortName, 'transfer'), { body: { owner } });
  }

  /** @param draft - the latest version although it is not published; for administrators */
  activate(shortName: string, draft = false): Promise<{ kernel_name: string }> {
    return this.call('POST', of(shortName, 'activate'), { body: draft ? { draft } : {} });
  }

  /** How far its files are, while an activation brings them to this machine. */
  arrival(shortName: string): Promise<Arrival> {
    return this.call('GET', of(shortName, 'arrival'));
  }

  deactivate(shortName: string): Promise<{ kernel_name: string }> {
    return this.call('POST', of(shortName, 'deactivate'));
  }

  /** The environments' kernels that run in this Jupyter server; never counted as activity. */
  async kernels(): Promise<RunningKernel[]> {
    return (await this._get<{ items: RunningKernel[] }>('kernels')).items;
  }

  usage(shortName: string): Promise<Usage> {
    return this._get(of(shortName, 'usage'));
  }

  /** Reads another tool's file; nothing is stored. */
  import(text: string, name?: string): Promise<Imported> {
    return this.call('POST', 'import', { body: { text, name } });
  }

  /** Names that begin with `start`. */
  async packages(manager: Manager, start: string, limit = 50): Promise<string[]> {
    const query = { manager, q: start, limit };
    return (await this._get<{ items: string[] }>('packages', query)).items;
  }

  /** Newest first. */
  packageVersions(manager: Manager, name: string): Promise<PackageVersions> {
    return this._get(`packages/${manager}/${encodeURIComponent(name)}`);
  }

  policy(): Promise<Policy> {
    return this._get('policy');
  }

  setPolicy(policy: PolicyBody): Promise<PolicyChanged> {
    return this.call('PUT', 'policy', { body: policy });
  }

  /** Published environments that the policy would not allow now. */
  async violating(): Promise<Violating[]> {
    return (await this._get<{ items: Violating[] }>('policy/violating')).items;
  }

  /** Newest first, by page. `kind` may end with a dot and then names all that begin so. */
  audit(
    query: {
      environment?: string;
      user?: string;
      kind?: string;
      since?: string;
      until?: string;
      limit?: number;
      cursor?: string;
    } = {}
  ): Promise<EventList> {
    return this._get('audit', query);
  }

  private _decide(
    decision: 'approve' | 'reject',
    review: Pick<Review, 'id' | 'digest'>,
    comment: string
  ): Promise<Review> {
    const body = { digest: review.digest, comment };
    return this.call('POST', `reviews/${encodeURIComponent(review.id)}/${decision}`, { body });
  }

  private _get<T>(path: string, query: Query = {}): Promise<T> {
    return this.call('GET', path, { query });
  }

  /** For what has its methods elsewhere: a route, its answer's JSON. */
  async call<T>(method: string, path: string, call: ICall = {}): Promise<T> {
    const text = await this._text(method, path, call);
    return (text ? JSON.parse(text) : undefined) as T;
  }

  private async _text(method: string, path: string, call: ICall = {}): Promise<string> {
    const { query = {}, body, etag, signal } = call;
    const url = URLExt.join(this.settings.baseUrl, 'dataflow-envs', path) + queryString(query);
    const headers: Record<string, string> = {};
    const init: RequestInit = { method, signal, headers };
    if (method !== 'GET' && method !== 'DELETE') {
      init.body = JSON.stringify(body ?? {});
      // JupyterLab adds it only where there is a token or an XSRF cookie.
      headers['Content-Type'] = 'application/json';
    }
    if (etag !== undefined) {
      headers['If-Match'] = etag;
    }
    const response = await ServerConnection.makeRequest(url, init, this.settings);
    const text = await response.text();
    if (!response.ok) {
      throw refusalOf(response, text);
    }
    return text;
  }
}

function of(shortName: string, ...rest: readonly (string | number)[]): string {
  return ['environments', encodeURIComponent(shortName), ...rest].join('/');
}

export function unasked(background: boolean | undefined): Query {
  return background ? { no_track_activity: 1 } : {};
}

function queryString(query: Query): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== null);
  return URLExt.objectToQueryString(
    Object.fromEntries(given.map(([name, value]) => [name, String(value)]))
  );
}

function refusalOf(response: Response, text: string): ApiError {
  let refusal: Partial<Refusal> = {};
  try {
    refusal = (JSON.parse(text) as Partial<Refusal> | null) ?? {};
  } catch {
    // A proxy's page, or Jupyter's own for a route that no extension serves.
  }
  const { code, message, errors, ...more } = refusal;
  return new ApiError(
    response.status,
    code ?? (response.status === 404 ? 'not_served' : 'unreadable_answer'),
    message ?? `${response.status} ${response.statusText}`.trim(),
    errors ?? [],
    more
  );
}
