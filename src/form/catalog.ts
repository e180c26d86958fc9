import type { ApiClient } from '../api/client';
import type { Manager } from '../api/schemas';

export type CatalogSource = Pick<ApiClient, 'packages' | 'packageVersions'>;

/** What channels and indexes offer; each library's versions are asked for once. */
export class Catalog {
  constructor(private readonly _source: CatalogSource) {}

  /** Names that begin so. */
  names(manager: Manager, start: string): Promise<string[]> {
    return this._source.packages(manager, start);
  }

  /** Newest first; rejects when there is no such library. */
  versions(manager: Manager, name: string): Promise<readonly string[]> {
    const key = `${manager} ${name.toLowerCase()}`;
    let asked = this._versions.get(key);
    if (!asked) {
      asked = this._source.packageVersions(manager, name).then(({ versions }) => versions);
      this._versions.set(key, asked);
      // What could not be answered now may be later.
      asked.catch(() => this._versions.delete(key));
    }
    return asked;
  }

  private readonly _versions = new Map<string, Promise<readonly string[]>>();
}
