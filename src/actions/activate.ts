import { Notification } from '@jupyterlab/apputils';

import type { IDataflowEnvironments } from '../tokens';
import { sizeWords } from '../ui/format';

/** Milliseconds until an activation that is not done yet is looked into, and between two looks. */
const LOOK = 1000;

/**
 * Activate. Where that brings files to this machine first, which may take minutes, a notification tells how far they
 * are.
 *
 * @param title - what people call the environment
 * @param draft - as the client takes it
 * @returns when it is active; rejects as the client does
 */
export async function activate(
  { client, settings, trans }: Pick<IDataflowEnvironments, 'client' | 'settings' | 'trans'>,
  shortName: string,
  title: string,
  draft = false
): Promise<void> {
  let id: string | null = null;
  let timer = 0;
  let over = false;

  async function look(): Promise<void> {
    const { arriving, done, total } = await client.arrival(shortName);
    if (over || !arriving || !settings.get('toasts')) {
      return;
    }
    const lead = trans.__('Bringing the files of %1 to this machine', title);
    const far = trans.__('%1 of %2', sizeWords(done, trans), sizeWords(total, trans));
    const message = total > 0 ? `${lead}\n${far}` : lead;
    const progress = total > 0 ? done / total : 0;
    if (id === null) {
      id = Notification.emit(message, 'in-progress', { autoClose: false, progress });
    } else {
      Notification.update({ id, message, type: 'in-progress', autoClose: false, progress });
    }
  }

  function lookLater(): void {
    timer = window.setTimeout(() => {
      // How far it is can't be told then; whether it is done tells the activation itself.
      void look()
        .catch(() => undefined)
        .then(() => (over ? undefined : lookLater()));
    }, LOOK);
  }

  lookLater();
  try {
    await client.activate(shortName, draft);
  } finally {
    over = true;
    window.clearTimeout(timer);
    if (id !== null) {
      Notification.dismiss(id);
    }
  }
}
