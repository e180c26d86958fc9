import { ApiError } from '../api/client';
import type { Environment } from '../api/schemas';
import type { IWorkbench } from '../workbench';
import { activate } from './activate';
import { askText, confirm } from './dialogs';
import type { ActionName } from './looks';

/** `edit` and `use_as_base` open the form instead of asking the server. */
export type PerformedAction = Exclude<ActionName, 'edit' | 'use_as_base'>;

/**
 * Ask the person what has to be asked, then the server.
 *
 * @returns what was done, in a sentence; `null` when the person cancels. Rejects as the client does.
 */
export async function ask(
  workbench: IWorkbench,
  action: PerformedAction,
  environment: Environment,
  version?: number
): Promise<string | null> {
  const { client, settings, trans } = workbench;
  const { short_name: name, full_name: title } = environment;
  switch (action) {
    case 'build': {
      const { number } = await client.build(name);
      return trans.__('Version %1 of %2 is being built.', number, title);
    }
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
        return null;
      }
      await client.cancel(name);
      return trans.__('The build of %1 is being cancelled.', title);
    case 'revert':
      return revert(workbench, environment, version);
    case 'activate':
    case 'try_draft':
      await activate(workbench, name, title, action === 'try_draft');
      return trans.__('%1 is active: its kernel is in the launcher.', title);
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
        return null;
      }
      await client.deactivate(name);
      return trans.__('%1 is not active any more.', title);
    case 'submit': {
      const note = await askText({
        title: trans.__('Submit %1 for publishing?', title),
        text: [
          trans.__(
            'An administrator looks at version %1. Until the decision it can’t be edited or built; you can withdraw it.',
            environment.usable_version ?? ''
          ),
          ...(environment.status === 'Failed'
            ? [trans.__('The failed version and its log are removed.')]
            : []),
          ...(environment.modified
            ? [trans.__('The edits that you have not built yet are not part of it.')]
            : [])
        ],
        label: trans.__('Note for the administrator (optional)'),
        accept: trans.__('Submit for Publish'),
        trans
      });
      if (note === null) {
        return null;
      }
      const review = await client.submit(name, note);
      return trans.__('Version %1 of %2 waits for approval.', review.version, title);
    }
    case 'withdraw':
      await client.withdraw(name);
      return trans.__('The submission of %1 is withdrawn.', title);
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
        return null;
      }
      await client.deprecate(name, reason);
      return trans.__('%1 is deprecated.', title);
    }
    case 'undeprecate':
      await client.undeprecate(name);
      return trans.__('%1 is not deprecated any more.', title);
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
        return null;
      }
      await client.unpublish(name);
      return trans.__('%1 is not published any more.', title);
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
        return null;
      }
      await client.transfer(name, owner);
      return trans.__('%1 belongs to %2 now.', title, owner);
    }
    case 'copy_to_local': {
      const { copyToLocal } = await import(
        /* webpackChunkName: "localactions" */ '../local/copy/toLocal'
      );
      return copyToLocal(workbench, environment);
    }
    case 'delete':
      return remove(workbench, environment);
  }
}

async function revert(
  { client, settings, trans }: IWorkbench,
  environment: Environment,
  version?: number
): Promise<string | null> {
  const { short_name: name, full_name: title } = environment;
  let wanted = version;
  if (wanted === undefined) {
    const [, earlier] = (await client.versions(name)).filter(
      ({ outcome }) => outcome === 'succeeded'
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
    return null;
  }
  const { number } = await client.revert(name, wanted);
  return trans.__(
    'Version %1 of %2 is made with the packages of version %3.',
    number,
    title,
    wanted
  );
}

async function decide(
  { client, trans }: IWorkbench,
  action: 'approve' | 'reject',
  environment: Environment
): Promise<string | null> {
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
    return null;
  }
  await client[action](review, comment);
  return rejects
    ? trans.__('Version %1 of %2 is rejected.', review.version, title)
    : trans.__('Version %1 of %2 is published.', review.version, title);
}

async function remove(
  { client, environments, trans }: IWorkbench,
  environment: Environment
): Promise<string | null> {
  const { short_name: name, full_name: title } = environment;
  const sure = (text: string[], accept: string) =>
    confirm({ title: trans.__('Delete %1?', title), text, accept, danger: true, trans });
  const lost = trans.__('Its versions, logs and kernel are removed. This can’t be undone.');
  if (!(await sure([lost], trans.__('Delete')))) {
    return null;
  }
  try {
    await client.remove(name);
  } catch (error) {
    const inUse = error instanceof ApiError && error.status === 409;
    if (!inUse || !environments.state.me?.is_admin) {
      throw error;
    }
    if (!(await sure([error.message, lost], trans.__('Delete Anyway')))) {
      return null;
    }
    await client.remove(name, true);
  }
  return trans.__('%1 is deleted.', title);
}
