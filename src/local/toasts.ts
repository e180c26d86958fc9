import { Notification } from '@jupyterlab/apputils';
import type { CommandRegistry } from '@lumino/commands';

import type { Local } from '../api/schemas';
import { CommandIDs, type IDataflowEnvironments } from '../tokens';
import { progressWords, shareOf } from '../ui/buildProgress';
import { plain } from '../ui/plain';
import type { LocalModel } from './model';
import { workWords } from './words';
import { LocalCommandIDs } from './commandIds';

/** Milliseconds that the end of cancelled work stays. */
const BRIEFLY = 5000;

interface IToast {
  id: string;
  name: string;
  wasShown: boolean;
}

/** Notifications of what is being made or copied, from its begin to its kernel. All of it was started by this person. */
export class LocalToasts {
  constructor(
    private readonly _model: LocalModel,
    private readonly _shared: IDataflowEnvironments,
    private readonly _commands: CommandRegistry
  ) {
    _model.stateChanged.connect(this._follow);
    _shared.settings.changed.connect(this._follow);
    this._follow();
  }

  private readonly _follow = (): void => {
    const { locals } = this._model.state;
    if (!this._shared.settings.get('toasts')) {
      this._toasts.forEach(({ id }) => Notification.dismiss(id));
      this._toasts.clear();
      return;
    }
    const known = new Map(locals?.map(local => [local.id, local]));
    for (const [id, toast] of this._toasts) {
      const local = known.get(id);
      if (local?.status !== 'In Progress') {
        this._toasts.delete(id);
        this._end(toast, local);
      }
    }
    for (const local of known.values()) {
      if (local.status === 'In Progress') {
        this._go(local);
      }
    }
  };

  private _go(local: Local): void {
    const { trans } = this._shared;
    const phase = local.phase ?? 'queued';
    const message = [
      trans.__(
        '%1: %2',
        plain(local.name),
        local.work ? workWords(local.work, trans) : trans.__('In Progress')
      ),
      progressWords(phase, local.progress, null, trans)
    ].join('\n');
    const progress = shareOf(phase, local.progress) ?? 0;
    const actions = [this._open(local.id, trans.__('Show log'), 'log', true)];
    const toast = this._toasts.get(local.id);
    if (!toast) {
      const options = { actions, progress, autoClose: false as const };
      const id = Notification.emit(message, 'in-progress', options);
      this._toasts.set(local.id, { id, name: local.name, wasShown: false });
      return;
    }
    const isShown = document.getElementById(toast.id) !== null;
    toast.wasShown ||= isShown;
    Notification.update({
      id: toast.id,
      message,
      type: 'in-progress',
      progress,
      actions,
      // Else JupyterLab would bring back what the person has hidden, with every change.
      autoClose: toast.wasShown && !isShown ? 0 : false
    });
  }

  private _end(toast: IToast, local: Local | undefined): void {
    const { trans } = this._shared;
    const name = plain(toast.name);
    if (!local) {
      this._say(toast, 'default', trans.__('%1 is gone', name), [], BRIEFLY);
      return;
    }
    if (local.reason !== null) {
      const show = this._open(local.id, trans.__('Show log'), 'log');
      this._say(toast, 'error', trans.__('%1: %2', name, plain(local.reason)), [show]);
      return;
    }
    const next = local.kernel
      ? this._notebook(local)
      : this._open(local.id, trans.__('Show'), 'packages');
    this._say(toast, 'success', trans.__('%1 is ready', name), [next]);
  }

  private _say(
    toast: IToast,
    type: Notification.TypeOptions,
    message: string,
    actions: Notification.IAction[],
    autoClose: number | false = false
  ): void {
    if (Notification.manager.has(toast.id)) {
      const { id } = toast;
      Notification.update({ id, message, type, actions, autoClose, progress: undefined });
    } else {
      Notification.emit(message, type, { actions, autoClose });
    }
  }

  private _notebook({ id, name }: Local): Notification.IAction {
    const { trans } = this._shared;
    return {
      label: trans.__('New Notebook'),
      caption: trans.__('New Notebook with %1', plain(name)),
      displayType: 'accent',
      callback: () => void this._commands.execute(LocalCommandIDs.newNotebook, { id })
    };
  }

  /** @param stays - whether the notification is still needed after it */
  private _open(
    id: string,
    label: string,
    section: 'log' | 'packages',
    stays = false
  ): Notification.IAction {
    return {
      label,
      caption: label,
      callback: event => {
        if (stays) {
          event.preventDefault();
        }
        void this._commands.execute(CommandIDs.openLocal, { id, section });
      }
    };
  }

  /** Of what goes on, by id. */
  private readonly _toasts = new Map<string, IToast>();
}
