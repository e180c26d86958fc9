import type { TranslationBundle } from '@jupyterlab/translation';

import type { Environment } from '../api/schemas';
import { decisionOf } from '../workbench';
import { plain } from '../ui/plain';
import { baseKey, baseOf } from './values';

export interface IBaseOption {
  key: string;
  label: string;
}

/**
 * What can be built on: environments with a usable version that the server allows, and what is chosen already, which stays
 * possible when its environment has moved on.
 *
 * @param itself - the environment that is edited, which can't be its own base
 */
export function basesOf(
  environments: readonly Environment[],
  chosen: string,
  itself: string | null,
  trans: TranslationBundle
): IBaseOption[] {
  const options = environments
    .filter(
      environment =>
        environment.short_name !== itself &&
        environment.usable_version !== null &&
        decisionOf(environment, 'use_as_base').allowed
    )
    .map(({ full_name, short_name, usable_version }) => ({
      key: baseKey(short_name, usable_version!),
      label: trans.__('%1 version %2 (%3)', short_name, usable_version!, plain(full_name))
    }));
  const base = baseOf(chosen);
  if (base && !options.some(({ key }) => key === chosen)) {
    options.unshift({
      key: chosen,
      label: trans.__('%1 version %2', base.short_name, base.version)
    });
  }
  return options;
}
