import { Notification } from '@jupyterlab/apputils';
import type { CommandRegistry } from '@lumino/commands';

import type { Environment, HappenedEvent, Phase, ProgressFrame } from '../api/schemas';
import { CommandIDs, type IDataflowEnvironments } from '../tokens';
import { progressWords, shareOf } from '../ui/buildProgress';

/** Milliseconds between two changes of the text while nothing but the progress changes. */
const PAUSE = 400;
/** Milliseconds that the end of a cancelled build stays. */
const BRIEFLY = 5000;
/** Milliseconds that good news stay; a failure stays until it was read. */
const A_WHILE = 15_000;
const PHASES: readonly Phase[] = [
  'queued',
  'solving',
  'downloading',
  'linking',
  'pip',
  'verifying'
];

/** The notification of one build that the person started, from queue to kernel. */
export class BuildToast {
  constructor(
    private readonly _shortName: string,
    readonly version: number,
    private readonly _shared: IDataflowEnvironments,
    private readonly _commands: CommandRegistry
  ) {
    this._fullName = _shortName;
  }

  /** Show how far it is. */
  begin(
    environment: Pick<Environment, 'full_name' | 'phase' | 'progress' | 'queue_position'>
  ): void {
    this._fullName = environment.full_name;
    const { phase, progress, queue_position: place } = environment;
    const { trans } = this._shared;
    this._text = progressWords(phase ?? 'queued', progress, place, trans);
    this._share = overall(
      phase ?? 'queued',
      progress ? shareOf(phase ?? 'queued', progress) : null
    );
    this._isRunning = true;
    this._showProgress();
  }

  async happened(event: HappenedEvent): Promise<void> {
    switch (event.kind) {
      case 'build.queued':
      case 'build.started':
      case 'build.interrupted':
        if (!this._isRunning) {
          const environment = await this._read();
          this._isRunning = true;
          this.begin(environment ?? { ...QUEUED, full_name: this._fullName });
        }
        return;
      case 'build.cancel_requested':
        this._isCancelled = true;
        return;
      case 'build.succeeded':
        await this._succeed();
        return;
      case 'build.failed':
        await this._fail(event);
    }
  }

  progressed({ phase, progress, queue_position: place }: ProgressFrame): void {
    if (!this._isRunning || phase === null) {
      return;
    }
    this._text = progressWords(phase, progress, place, this._shared.trans);
    this._share = overall(phase, shareOf(phase, progress));
    this._timer ||= window.setTimeout(() => this._showProgress(), PAUSE);
  }

  dismiss(): void {
    window.clearTimeout(this._timer);
    this._isRunning = false;
    if (this._id) {
      Notification.dismiss(this._id);
    }
  }

  private async _succeed(): Promise<void> {
    const { trans } = this._shared;
    const environment = await this._read();
    const name = this._fullName;
    if (environment?.active) {
      this._endWell(trans.__('%1: version %2 is built', name, this.version), this._newNotebook());
      return;
    }
    const mayActivate = environment?.actions['activate']?.allowed ?? false;
    this._endWell(
      trans.__('%1: version %2 is built', name, this.version),
      mayActivate ? this._activate() : this._open(trans.__('Open'))
    );
  }

  private async _fail(event: HappenedEvent): Promise<void> {
    const { trans } = this._shared;
    if (this._isCancelled) {
      this._end('default', trans.__('%1: the build is cancelled', await this._name()), [], BRIEFLY);
      return;
    }
    const reason = event.details?.['reason'];
    const name = await this._name();
    this._end(
      'error',
      typeof reason === 'string'
        ? trans.__('%1: the build failed. %2', name, reason)
        : trans.__('%1: the build failed.', name),
      [this._open(trans.__('Show log'), 'log')]
    );
  }

  private _showProgress(): void {
    window.clearTimeout(this._timer);
    this._timer = 0;
    if (!this._isRunning) {
      return;
    }
    const { trans } = this._shared;
    const message = trans.__('Building %1 v%2\n%3', this._fullName, this.version, this._text);
    const options = { actions: [this._open(trans.__('Show log'), 'log')], progress: this._share };
    if (this._id === null) {
      this._id = Notification.emit(message, 'in-progress', { ...options, autoClose: false });
      return;
    }
    const isShown = document.getElementById(this._id) !== null;
    this._wasShown ||= isShown;
    Notification.update({
      id: this._id,
      message,
      type: 'in-progress',
      ...options,
      // Else JupyterLab would bring back what the person has hidden, with every change.
      autoClose: this._wasShown && !isShown ? 0 : false
    });
  }

  private _endWell(message: string, next: Notification.IAction): void {
    this._end('success', message, [next], A_WHILE);
  }

  private _end(
    type: Notification.TypeOptions,
    message: string,
    actions: Notification.IAction[],
    autoClose: number | false = false
  ): void {
    window.clearTimeout(this._timer);
    this._timer = 0;
    this._isRunning = false;
    const known = this._id !== null && Notification.manager.has(this._id);
    if (known && this._id !== null) {
      const id = this._id;
      Notification.update({ id, message, type, actions, autoClose, progress: undefined });
    } else {
      this._id = Notification.emit(message, type, { actions, autoClose });
    }
  }

  private _activate(): Notification.IAction {
    const { trans } = this._shared;
    return {
      label: trans.__('Activate'),
      caption: trans.__('Activate %1', this._fullName),
      displayType: 'accent',
      callback: event => {
        // The same notification says what comes of it.
        event.preventDefault();
        void this._commands
          .execute(CommandIDs.action('activate'), { shortName: this._shortName })
          .then(done => {
            if (done) {
              this._endWell(trans.__('%1 is active', this._fullName), this._newNotebook());
            }
          });
      }
    };
  }

  private _newNotebook(): Notification.IAction {
    const { trans } = this._shared;
    return {
      label: trans.__('New Notebook'),
      caption: trans.__('New Notebook with %1', this._fullName),
      displayType: 'accent',
      callback: () =>
        void this._commands.execute(CommandIDs.newNotebook, { shortName: this._shortName })
    };
  }

  private _open(label: string, section?: 'log'): Notification.IAction {
    return {
      label,
      caption: this._shared.trans.__('%1: %2', this._fullName, label),
      callback: event => {
        if (this._isRunning) {
          event.preventDefault();
        }
        const { _shortName: shortName, version } = this;
        void this._commands.execute(CommandIDs.open, {
          shortName,
          ...(section ? { section, version } : {})
        });
      }
    };
  }

  private async _name(): Promise<string> {
    await (this._fullName === this._shortName ? this._read() : null);
    return this._fullName;
  }

  private async _read(): Promise<Environment | null> {
    const { client } = this._shared;
    const environment = await client.environment(this._shortName, true).catch(() => null);
    this._fullName = environment?.full_name ?? this._fullName;
    return environment;
  }

  private _fullName: string;
  private _id: string | null = null;
  private _isCancelled = false;
  private _isRunning = false;
  private _share = 0;
  private _text = '';
  private _timer = 0;
  private _wasShown = false;
}

const QUEUED = { phase: 'queued', progress: null, queue_position: null } as const;

/** How far the whole build is, from 0 to 1: the phases count alike. */
function overall(phase: Phase, share: number | null): number {
  return (PHASES.indexOf(phase) + (share ?? 0)) / PHASES.length;
}
