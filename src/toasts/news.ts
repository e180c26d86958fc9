import { Notification } from '@jupyterlab/apputils';
import type { CommandRegistry } from '@lumino/commands';

import { openPage, reviewPage } from '../actions/elsewhere';
import type { Environment, HappenedEvent } from '../api/schemas';
import { CommandIDs, type IDataflowEnvironments, type Section } from '../tokens';

/** Notifications of reviews that wait for a decision, to be taken back when there is one. */
const waiting = new Map<string, string>();

/** Tell what somebody else did with what concerns the person: reviews, decisions, deprecations. */
export async function tellNews(
  event: HappenedEvent,
  shared: IDataflowEnvironments,
  commands: CommandRegistry
): Promise<void> {
  const { client, trans } = shared;
  const { kind, short_name: shortName, version, actor } = event;
  if (shortName === null) {
    return;
  }
  if (kind !== 'review.submitted' && waiting.has(shortName)) {
    Notification.dismiss(waiting.get(shortName));
    waiting.delete(shortName);
  }
  const me = await shared.me();
  if (actor === me.name) {
    return;
  }
  const environment = await client.environment(shortName, true).catch(() => null);
  if (!environment) {
    return;
  }
  const open = (label: string, section: Section): Notification.IAction => ({
    label,
    caption: trans.__('%1: %2', environment.full_name, label),
    displayType: 'accent',
    callback: () => void commands.execute(CommandIDs.open, { shortName, section })
  });
  const name = environment.full_name;
  const emit = (type: Notification.TypeOptions, message: string, actions: Notification.IAction[]) =>
    Notification.emit(message, type, { actions, autoClose: false });
  switch (kind) {
    case 'review.submitted':
      if (me.is_admin && environment.review?.state === 'pending') {
        const page = reviewPage(environment.review.id, me);
        const text = trans.__(
          '%1 asks to publish %2, version %3',
          actor ?? '',
          name,
          version ?? ''
        );
        waiting.set(
          shortName,
          emit('info', withComment(text, event), [
            open(trans.__('Review'), 'review'),
            ...(page === null
              ? []
              : [{ label: trans.__('Decide on the Service…'), callback: () => openPage(page) }])
          ])
        );
      }
      return;
    case 'review.approved':
      if (isOwner(environment, me.name)) {
        const text = trans.__('%1: version %2 is published', name, version ?? '');
        emit('success', withComment(text, event), [open(trans.__('Open'), 'review')]);
      }
      return;
    case 'review.rejected':
      if (isOwner(environment, me.name)) {
        const text = trans.__('%1: version %2 was rejected', name, version ?? '');
        emit('warning', withComment(text, event), [open(trans.__('Open'), 'review')]);
      }
      return;
    case 'environment.deprecated':
      if (environment.active || isOwner(environment, me.name)) {
        const reason = environment.deprecated?.reason ?? '';
        emit('warning', trans.__('%1 is deprecated: %2', name, reason), [
          open(trans.__('Open'), 'versions')
        ]);
      }
  }
}

function isOwner(environment: Environment, name: string): boolean {
  return environment.owner === name;
}

function withComment(text: string, event: HappenedEvent): string {
  const comment = event.details?.['comment'];
  return typeof comment === 'string' && comment ? `${text}\n“${comment}”` : text;
}
