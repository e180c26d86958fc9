import type { Environment, Package, Version } from '../../api/schemas';

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

export function version(number: number, change: Partial<Version> = {}): Version {
  return {
    number,
    attempt: 1,
    outcome: 'succeeded',
    reason: null,
    requested: {
      base: null,
      python_version: '3.11',
      conda_requirements: ['pandas>=2'],
      pip_requirements: []
    },
    digest: `${number}`.repeat(64),
    python: '3.11.7',
    size: 1_000_000,
    installed: true,
    phase: null,
    progress: null,
    phases: [],
    pin_installed: false,
    reverted_from: null,
    warnings: [],
    created_by: 'alice',
    created_at: '2026-11-01T12:00:00Z',
    started_at: '2026-11-01T12:00:00Z',
    finished_at: '2026-11-01T12:01:00Z',
    duration: 60,
    packages: [],
    attempts: [],
    ...change
  };
}

/** An environment in Draft with that many versions. */
export function built(latest: number): Partial<Environment> {
  return { status: 'Draft', latest_version: latest, usable_version: latest };
}
