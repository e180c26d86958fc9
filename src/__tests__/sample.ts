import { nullTranslator } from '@jupyterlab/translation';

import type { Environment, Me } from '../api/schemas';

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
  indexes: []
};
