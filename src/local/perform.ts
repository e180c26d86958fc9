import { confirm, tell } from '../actions/dialogs';
import { refusalWords } from '../actions/refusal';
import type { Local } from '../api/schemas';
import type { IWorkbench } from '../workbench';
import { copyToDataflow } from './copy/toDataflow';
import { type LocalActionName, localLooks } from './looks';
import { runningKey } from './running';

/**
 * Do it, after asking what has to be asked; a refusal is shown. Does nothing while the same is under way.
 *
 * @returns whether it was done: not when the person cancels, nor when the server refuses
 */
export async function performLocal(
  workbench: IWorkbench,
  action: LocalActionName,
  local: Local
): Promise<boolean> {
  const { announcer, local: model, running, trans } = workbench;
  const key = runningKey(local.id);
  if (!running.begin(key, action)) {
    return false;
  }
  let refusal: unknown = null;
  try {
    const done = await ask(workbench, action, local);
    if (done !== null) {
      announcer.say(done);
    }
    return done !== null;
  } catch (error) {
    refusal = error;
    // What was refused may have changed since it was shown.
    void model.refresh();
  } finally {
    running.end(key, action);
  }
  await tell({
    title: trans.__('%1: "%2" was not done', local.name, localLooks(trans)[action].label),
    text: refusalWords(refusal, trans),
    trans
  });
  return false;
}

/** @returns what was done, in a sentence; `null` when the person cancels. Rejects as the client does. */
async function ask(
  workbench: IWorkbench,
  action: LocalActionName,
  local: Local
): Promise<string | null> {
  const { local: model, settings, trans } = workbench;
  const { routes } = model;
  const { id, name } = local;
  switch (action) {
    case 'register_kernel':
    case 'install_ipykernel': {
      const installs = !local.has_ipykernel;
      if (installs && !(await confirm(installation(workbench, local)))) {
        return null;
      }
      model.put(await routes.registerKernel(id, installs));
      return installs
        ? trans.__('ipykernel is being installed in %1.', name)
        : trans.__('%1 is active: its kernel is in the launcher.', name);
    }
    case 'remove_kernel':
      if (
        settings.get('confirmDeactivate') &&
        !(await confirm({
          title: trans.__('Remove the kernel of %1?', name),
          text: [trans.__('It leaves the launcher. Kernels that run go on.')],
          accept: trans.__('Remove Kernel'),
          trans
        }))
      ) {
        return null;
      }
      model.put(await routes.removeKernel(id));
      return trans.__('%1 has no kernel any more.', name);
    case 'copy_to_dataflow':
      return copyToDataflow(workbench, local);
    case 'cancel':
      if (
        settings.get('confirmCancel') &&
        !(await confirm({
          title: trans.__('Cancel what is being done with %1?', name),
          text: [trans.__('What was done so far is removed; the log stays.')],
          accept: trans.__('Stop It'),
          trans
        }))
      ) {
        return null;
      }
      await routes.cancelLocal(id);
      return trans.__('What is being done with %1 is being cancelled.', name);
    case 'delete':
      if (
        !(await confirm({
          title: trans.__('Delete %1?', name),
          text: [trans.__('Its files, its log and its kernel are removed. This can’t be undone.')],
          accept: trans.__('Delete'),
          danger: true,
          trans
        }))
      ) {
        return null;
      }
      await routes.removeLocal(id);
      model.drop(id);
      return trans.__('%1 is deleted.', name);
  }
}

function installation({ trans }: IWorkbench, local: Local): Parameters<typeof confirm>[0] {
  return {
    title: trans.__('Install ipykernel and activate %1?', local.name),
    text: [
      trans.__('It has no ipykernel, which notebooks need. It is installed into %1.', local.prefix),
      trans.__('What it needs comes with it; then its kernel is in the launcher.')
    ],
    accept: trans.__('Install and Activate'),
    trans
  };
}
