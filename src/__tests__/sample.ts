import { nullTranslator } from '@jupyterlab/translation';

import type { Environment, Local, Me, Version } from '../api/schemas';

export const trans = nullTranslator.load('jupyter_dataflow_envs');

/** An answer of the server; `change` says what differs from an environment that was just saved. */
export function environment(change: Partial<Environment> = {}): Environment {
  return {
    short_name: 'mlenv',
    full_name: 'Machine Learning Environment',
    description: '',
    owner: 'alice',
    base: null,
    python_version: '3.11',
    conda_requirements: ['pandas>=2'],
    pip_requirements: ['rich'],
    status: 'Saved',
    phase: null,
    progress: null,
    queue_position: null,
    modified: false,
    latest_version: null,
    usable_version: null,
    published_version: null,
    failure: null,
    deprecated: null,
    review: null,
    copied_from: null,
    active: false,
    draft_active: false,
    kernel_name: 'dataflow-mlenv',
    usage: { active_people: 0, last_started: null },
    actions: {},
    created_at: '2026-11-01T12:00:00Z',
    updated_at: '2026-11-01T12:00:00Z',
    etag: '"1"',
    ...change
  };
}

/** One that was built. */
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

/** An answer of the server; `change` says what differs from one that was made here and is ready. */
export function local(change: Partial<Local> = {}): Local {
  return {
    id: 'mine',
    name: 'mine',
    kind: 'made',
    prefix: '/home/alice/local/environments/mine',
    python_version: '3.11.9',
    package_count: 42,
    has_ipykernel: true,
    kernel: null,
    status: 'Ready',
    work: null,
    reason: null,
    phase: null,
    progress: null,
    copied_from: null,
    requested: null,
    found_by: [],
    has_log: true,
    actions: {
      register_kernel: { allowed: true, reason: null },
      install_ipykernel: { allowed: false, reason: 'It has ipykernel already.' },
      remove_kernel: { allowed: false, reason: 'It has no kernel.' },
      copy_to_dataflow: { allowed: true, reason: null },
      delete: { allowed: true, reason: null },
      cancel: { allowed: false, reason: 'Nothing is being done with it.' }
    },
    created_at: '2026-11-01T12:00:00Z',
    ...change
  };
}

export const alice: Me = {
  name: 'alice',
  is_admin: false,
  is_sole: false,
  approves_own: false,
  extended_requirements: false,
  limits: {
    environments: 1,
    max_environments: null,
    bytes: 0,
    max_bytes: null,
    max_versions: null,
    max_concurrent_builds: 1
  },
  features: [],
  policy: {
    channels: [],
    indexes: [],
    denied_packages: [],
    max_bytes: null,
    max_environments: null,
    max_versions: null,
    python_versions: [],
    required_packages: []
  },
  channels: ['conda-forge'],
  indexes: [],
  decision_page: null
};
