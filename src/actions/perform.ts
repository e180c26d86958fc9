import { showErrorMessage } from '@jupyterlab/apputils';

import { ApiError } from '../api/client';
import type { Environment } from '../api/schemas';
import type { IWorkbench } from '../workbench';
import { askText, confirm } from './dialogs';
import type { ActionName } from './looks';

/** `edit` and `use_as_base` open the form instead of asking the server. */
export type PerformedAction = Exclude<ActionName, 'edit' | 'use_as_base'>;

/**
 * Do it, after asking what has to be asked; a refusal is shown.
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
  const { environments, looks, trans } = workbench;
  const shortName = environment.short_name;
  let done: boolean;
  try {
    done = await attempt(workbench, action, environment, version);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    // What was refused may have changed since it was shown.
    environments.read(shortName, true).catch(() => undefined);
    await showErrorMessage(
      trans.__('%1: "%2" was not done', environment.full_name, looks[action].label),
      message
    );
    return false;
  }
  if (done && action !== 'delete') {
    await environments.read(shortName, true).catch(() => undefined);
  }
  return done;
}

async function attempt(
  workbench: IWorkbench,
  action: PerformedAction,
  environment: Environment,
  version?: number
): Promise<boolean> {
  const { client, settings, trans } = workbench;
  const { short_name: name, full_name: title } = environment;
  switch (action) {
    case 'build':
      await client.build(name);
      return true;
    case 'cancel':
      if (
        settings.get('confirmCancel') &&
        !(await confirm({
          title: trans.__('Cancel the build of %1?', title),
          text: [trans.__('What was done so far is removed. You can build it again at any time.')],
          accept: trans.__('Cancel Build'),
          trans
        }))
      ) {
        return false;
      }
      await client.cancel(name);
      return true;
    case 'revert':
      return revert(workbench, environment, version);
    case 'activate':
    case 'try_draft':
      await client.activate(name, action === 'try_draft');
      return true;
    case 'deactivate':
      if (
        settings.get('confirmDeactivate') &&
        !(await confirm({
          title: trans.__('Deactivate %1?', title),
          text: [trans.__('Its kernel leaves the launcher. Kernels that run go on.')],
          accept: trans.__('Deactivate'),
          trans
        }))
      ) {
        return false;
      }
      await client.deactivate(name);
      return true;
    case 'submit': {
      const note = await askText({
        title: trans.__('Submit %1 for publishing?', title),
        text: [
          trans.__(
            'An administrator looks at version %1. Until the decision it can’t be edited or built; you can withdraw it.',
            environment.usable_version ?? ''
          )
        ],
        label: trans.__('Note for the administrator (optional)'),
        accept: trans.__('Submit for Publish'),
        trans
      });
      if (note === null) {
        return false;
      }
      await client.submit(name, note);
      return true;
    }
    case 'withdraw':
      await client.withdraw(name);
      return true;
    case 'approve':
    case 'reject':
      return decide(workbench, action, environment);
    case 'deprecate': {
      const reason = await askText({
        title: trans.__('Deprecate %1?', title),
        text: [trans.__('Nobody new can activate it. Who uses it keeps it and reads the reason.')],
        label: trans.__('Reason'),
        accept: trans.__('Deprecate'),
        required: true,
        danger: true,
        trans
      });
      if (reason === null) {
        return false;
      }
      await client.deprecate(name, reason);
      return true;
    }
    case 'undeprecate':
      await client.undeprecate(name);
      return true;
    case 'unpublish':
      if (
        !(await confirm({
          title: trans.__('Unpublish %1?', title),
          text: [
            trans.__('It becomes a draft of %1 again, and nobody else sees it.', environment.owner)
          ],
          accept: trans.__('Unpublish'),
          danger: true,
          trans
        }))
      ) {
        return false;
      }
      await client.unpublish(name);
      return true;
    case 'transfer': {
      const owner = await askText({
        title: trans.__('Transfer %1', title),
        text: [
          trans.__('It belongs to %1 now. The name is taken as you write it.', environment.owner)
        ],
        label: trans.__('New owner'),
        accept: trans.__('Transfer Ownership'),
        required: true,
        oneLine: true,
        trans
      });
      if (owner === null) {
        return false;
      }
      await client.transfer(name, owner);
      return true;
    }
    case 'delete':
      return remove(workbench, environment);
  }
}

async function revert(
  { client, settings, trans }: IWorkbench,
  environment: Environment,
  version?: number
): Promise<boolean> {
  const { short_name: name, full_name: title } = environment;
  let wanted = version;
  if (wanted === undefined) {
    const earlier = (await client.versions(name)).find(
      ({ number, outcome }) => outcome === 'succeeded' && number !== environment.usable_version
    );
    if (!earlier) {
      throw new Error(trans.__('There is no earlier version to go back to.'));
    }
    wanted = earlier.number;
  }
  const text = [
    trans.__(
      'A new version is made with exactly the packages of version %1, without a solve. The requirements become those of version %1 too.',
      wanted
    )
  ];
  if (environment.modified) {
    text.push(trans.__('The edits that you have not built yet are lost.'));
  }
  const asked = settings.get('confirmRevert') || environment.modified || version === undefined;
  if (
    asked &&
    !(await confirm({
      title: trans.__('Revert %1 to version %2?', title, wanted),
      text,
      accept: trans.__('Revert'),
      danger: environment.modified,
      trans
    }))
  ) {
    return false;
  }
  await client.revert(name, wanted);
  return true;
}

async function decide(
  { client, trans }: IWorkbench,
  action: 'approve' | 'reject',
  environment: Environment
): Promise<boolean> {
  const { full_name: title, review } = environment;
  if (review?.state !== 'pending') {
    throw new Error(trans.__('Nothing waits for approval.'));
  }
  const rejects = action === 'reject';
  const comment = await askText({
    title: rejects
      ? trans.__('Reject version %1 of %2?', review.version, title)
      : trans.__('Approve version %1 of %2?', review.version, title),
    text: [
      rejects
        ? trans.__('It becomes a draft again. %1 reads your comment.', review.submitted_by)
        : trans.__('Everybody can use it then. Who uses an older version is moved to this one.')
    ],
    label: rejects ? trans.__('Comment') : trans.__('Comment (optional)'),
    accept: rejects ? trans.__('Reject') : trans.__('Approve'),
    required: rejects,
    danger: rejects,
    trans
  });
  if (comment === null) {
    return false;
  }
  await client[action](review, comment);
  return true;
}

async function remove(
  { client, environments, trans }: IWorkbench,
  environment: Environment
): Promise<boolean> {
  const { short_name: name, full_name: title } = environment;
  const ask = (text: string[], accept: string) =>
    confirm({ title: trans.__('Delete %1?', title), text, accept, danger: true, trans });
  const lost = trans.__('Its versions, logs and kernel are removed. This can’t be undone.');
  if (!(await ask([lost], trans.__('Delete')))) {
    return false;
  }
  try {
    await client.remove(name);
  } catch (error) {
    const inUse = error instanceof ApiError && error.status === 409;
    if (!inUse || !environments.state.me?.is_admin) {
      throw error;
    }
    if (!(await ask([error.message, lost], trans.__('Delete Anyway')))) {
      return false;
    }
    await client.remove(name, true);
  }
  environments.drop(name);
  return true;
}
