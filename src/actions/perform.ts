import type { Environment } from '../api/schemas';
import type { IWorkbench } from '../workbench';
import { tell } from './dialogs';
import { ask, type PerformedAction } from './questions';
import { refusalWords } from './refusal';

/**
 * Do it, after asking what has to be asked; a refusal is shown. Does nothing while the same is under way.
 *
 * @param version - which one to revert to
 * @returns whether it was done: not when the person cancels, nor when the server refuses
 */
export async function perform(
  workbench: IWorkbench,
  action: PerformedAction,
  environment: Environment,
  version?: number
): Promise<boolean> {
  const { announcer, environments, looks, running, trans } = workbench;
  const { short_name: shortName, full_name: title } = environment;
  if (!running.begin(shortName, action)) {
    return false;
  }
  let refusal: unknown = null;
  try {
    const done = await ask(workbench, action, environment, version);
    if (done === null) {
      return false;
    }
    if (action === 'delete') {
      environments.drop(shortName);
    } else {
      await environments.read(shortName, true).catch(() => undefined);
    }
    announcer.say(done);
    return true;
  } catch (error) {
    refusal = error;
    // What was refused may have changed since it was shown.
    environments.read(shortName, true).catch(() => undefined);
  } finally {
    running.end(shortName, action);
  }
  await tell({
    title: trans.__('%1: "%2" was not done', title, looks[action].label),
    text: refusalWords(refusal, trans),
    trans
  });
  return false;
}
