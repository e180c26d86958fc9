import type { TranslationBundle } from '@jupyterlab/translation';

import type { Local } from '../api/schemas';

/** Where it comes from. */
export function kindWords(kind: Local['kind'], trans: TranslationBundle): string {
  switch (kind) {
    case 'made':
      return trans.__('made here');
    case 'conda':
      return trans.__('conda, found');
    case 'venv':
      return trans.__('virtual environment, found');
    case 'pyenv':
      return trans.__('pyenv, found');
    case 'uv':
      return trans.__('uv, found');
    case 'python':
      return trans.__('Python, found');
  }
}

/** Such as "py 3.11". */
export function pythonWords({ python_version: version }: Local, trans: TranslationBundle): string {
  return version === null ? '' : trans.__('py %1', version.split('.').slice(0, 2).join('.'));
}

export function localStatusWord(status: Local['status'], trans: TranslationBundle): string {
  switch (status) {
    case 'Ready':
      return trans.__('Ready');
    case 'In Progress':
      return trans.__('In Progress');
    case 'Failed':
      return trans.__('Failed');
    case 'Broken':
      return trans.__('Broken');
  }
}

/** What is being done to it, or was done last and failed. */
export function workWords(work: NonNullable<Local['work']>, trans: TranslationBundle): string {
  switch (work) {
    case 'make':
      return trans.__('Making it');
    case 'copy':
      return trans.__('Copying it');
    case 'install_ipykernel':
      return trans.__('Installing ipykernel');
  }
}
