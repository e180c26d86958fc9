import type { Environment, Package } from '../../api/schemas';

export function pkg(name: string, change: Partial<Package> = {}): Package {
  return {
    name,
    version: '1.0',
    build: '0',
    manager: 'conda',
    channel: 'https://channels.example/conda-forge/',
    size: 1000,
    license: null,
    requested: null,
    origin: 'dependency',
    ...change
  };
}

/** An environment in Draft with that many versions. */
export function built(latest: number): Partial<Environment> {
  return { status: 'Draft', latest_version: latest, usable_version: latest };
}
