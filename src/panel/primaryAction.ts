import type { ActionName } from '../actions/looks';
import type { Environment } from '../api/schemas';
import { decisionOf } from '../workbench';

/** The one button of a row. */
export type PrimaryAction = Extract<ActionName, 'activate' | 'build' | 'cancel'> | 'notebook';

/**
 * What the person most likely wants next: work in what is active, else activate it, else, where it was never built or
 * was changed since, build it. A build that runs can be stopped.
 */
export function primaryAction(environment: Environment): PrimaryAction {
  const may = (action: ActionName) => decisionOf(environment, action).allowed;
  if (environment.active) {
    return 'notebook';
  }
  if (environment.status === 'In Progress' && may('cancel')) {
    return 'cancel';
  }
  const needsBuild = environment.modified || !may('activate');
  return needsBuild && may('build') ? 'build' : 'activate';
}
