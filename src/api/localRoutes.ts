import { type ApiClient, unasked } from './client';
import type {
  CopyToDataflow,
  Drift,
  Environment,
  Local,
  LocalDetails,
  LocalSpec,
  Reproduction
} from './schemas';

/** The routes of Local environments, apart from the others: a page starts without them. */
export class LocalRoutes {
  constructor(private readonly _client: ApiClient) {}

  get settings(): ApiClient['settings'] {
    return this._client.settings;
  }

  /** The Local environments of this Jupyter server. */
  async locals(background = false): Promise<Local[]> {
    return (
      await this._client.call<{ items: Local[] }>('GET', 'local', { query: unasked(background) })
    ).items;
  }

  /** @param options.size - whether to count the bytes of its files, which can take seconds */
  local(id: string, options: { size?: boolean; background?: boolean } = {}): Promise<LocalDetails> {
    const { size, background } = options;
    const query = { ...(size ? { size } : {}), ...unasked(background) };
    return this._client.call('GET', ofLocal(id), { query });
  }

  /** Begins to make it; how far it is, is told by `locals`. */
  createLocal(spec: LocalSpec): Promise<Local> {
    return this._client.call('POST', 'local', { body: spec });
  }

  removeLocal(id: string): Promise<void> {
    return this._client.call('DELETE', ofLocal(id));
  }

  async cancelLocal(id: string): Promise<void> {
    await this._client.call('POST', ofLocal(id, 'cancel'));
  }

  /** What has changed in it since it was made or copied. */
  drift(id: string, background = false): Promise<Drift> {
    return this._client.call('GET', ofLocal(id, 'drift'), { query: unasked(background) });
  }

  /** @param install - install ipykernel first where it is missing; the answer comes before that is done */
  registerKernel(id: string, install = false): Promise<Local> {
    const body = install ? { install_ipykernel: true } : {};
    return this._client.call('POST', ofLocal(id, 'kernel'), { body });
  }

  removeKernel(id: string): Promise<Local> {
    return this._client.call('DELETE', ofLocal(id, 'kernel'));
  }

  /** What Copy to Dataflow would ask for, and what it could not. */
  reproduction(id: string): Promise<Reproduction> {
    return this._client.call('GET', ofLocal(id, 'copy-to-dataflow'));
  }

  /** The environment, whose first version is being built. */
  copyToDataflow(id: string, body: CopyToDataflow): Promise<Environment> {
    return this._client.call('POST', ofLocal(id, 'copy-to-dataflow'), { body });
  }

  /** @param name - of the copy; the short name if left out */
  copyToLocal(shortName: string, name?: string): Promise<Local> {
    return this._client.call(
      'POST',
      `environments/${encodeURIComponent(shortName)}/copy-to-local`,
      { body: name ? { name } : {} }
    );
  }
}

function ofLocal(id: string, ...rest: readonly string[]): string {
  return ['local', encodeURIComponent(id), ...rest].join('/');
}
