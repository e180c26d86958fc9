import { type ILayoutRestorer, type JupyterFrontEnd } from '@jupyterlab/application';
import { MainAreaWidget, WidgetTracker } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { LabIcon } from '@jupyterlab/ui-components';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import type { Message } from '@lumino/messaging';
import type { ISignal } from '@lumino/signaling';
import { Panel, Widget } from '@lumino/widgets';

/** What a tab holds: it takes new arguments while it is open, and may object to being closed. */
export interface IView<A> extends Widget {
  open(args: A): void;
  /** What brings it back after a reload. */
  readonly args: A;
  /** The view shows something else now than what it was opened with. */
  readonly argsChanged?: ISignal<unknown, void>;
  mayClose?(): Promise<boolean>;
}

export interface IKind<A> {
  namespace: string;
  /** The command that opens such a tab, which a reload runs again. */
  command: string;
  icon: LabIcon;
  /** Tabs with equal keys are one tab. */
  keyOf: (args: A) => string;
  labelOf: (args: A) => string;
  load: (args: A) => Promise<IView<A>>;
}

/** The tabs of one kind in the main area; what they show is fetched when they are looked at for the first time. */
export class Tabs<A extends object> {
  constructor(
    private readonly _shell: JupyterFrontEnd['shell'],
    restorer: ILayoutRestorer | null,
    private readonly _kind: IKind<A>,
    private readonly _trans: TranslationBundle
  ) {
    this.tracker = new WidgetTracker<Tab<A>>({ namespace: _kind.namespace });
    void restorer?.restore(this.tracker, {
      command: _kind.command,
      args: tab => tab.content.args as unknown as ReadonlyPartialJSONObject,
      name: tab => _kind.keyOf(tab.content.args)
    });
  }

  readonly tracker: WidgetTracker<Tab<A>>;

  open(args: A): void {
    const key = this._kind.keyOf(args);
    let tab = this.tracker.find(({ content }) => this._kind.keyOf(content.args) === key);
    if (tab) {
      tab.content.open(args);
    } else {
      tab = new Tab(new LazyView(args, this._kind, this._trans));
      tab.id = `${this._kind.namespace}:${key}`;
      const opened = tab;
      opened.content.argsChanged = () => void this.tracker.save(opened);
      this._shell.add(tab, 'main', { type: 'Dataflow Environments' });
      void this.tracker.add(tab);
    }
    this._shell.activateById(tab.id);
  }
}

export class Tab<A extends object> extends MainAreaWidget<LazyView<A>> {
  constructor(content: LazyView<A>) {
    super({ content });
    this.toolbar.hide();
    this.title.closable = true;
    this.addClass('jp-DataflowEnvs-tab');
  }

  protected override onCloseRequest(message: Message): void {
    void this.content.mayClose().then(may => {
      if (may && !this.isDisposed) {
        super.onCloseRequest(message);
      }
    });
  }
}

class LazyView<A extends object> extends Panel {
  constructor(
    private _args: A,
    private readonly _kind: IKind<A>,
    private readonly _trans: TranslationBundle
  ) {
    super();
    this.addClass('jp-DataflowEnvs-view');
    this.title.label = _kind.labelOf(_args);
    this.title.icon = _kind.icon;
  }

  /** Called when the view shows something else than what it was opened with. */
  argsChanged: () => void = () => undefined;

  get args(): A {
    return this._view?.args ?? this._args;
  }

  open(args: A): void {
    this._args = args;
    this._view?.open(args);
    this.argsChanged();
  }

  async mayClose(): Promise<boolean> {
    return (await this._view?.mayClose?.()) ?? true;
  }

  protected override onBeforeShow(): void {
    void this._fill();
  }

  protected override onAfterAttach(): void {
    if (this.isVisible) {
      void this._fill();
    }
  }

  protected override onActivateRequest(): void {
    this._view?.activate();
  }

  private async _fill(): Promise<void> {
    if (this._filling) {
      return;
    }
    this._filling = true;
    try {
      const wanted = this._args;
      const view = await this._kind.load(wanted);
      if (this.isDisposed) {
        view.dispose();
        return;
      }
      for (const leftOver of [...this.widgets]) {
        leftOver.dispose();
      }
      this._view = view;
      const mirror = () => {
        this.title.label = view.title.label || this.title.label;
        this.title.caption = view.title.caption;
        this.argsChanged();
      };
      view.title.changed.connect(mirror);
      view.argsChanged?.connect(() => this.argsChanged());
      mirror();
      if (this._args !== wanted) {
        // Opened with something else while its code was on the way.
        view.open(this._args);
      }
      this.addWidget(view);
      view.activate();
    } catch (error) {
      console.error('A view of Dataflow Environments could not be loaded.', error);
      this._filling = false;
      this.addWidget(
        loadingFailed(
          this._trans.__(
            'The view could not be loaded. Close and open it to try again; reload the page if that does not help.'
          )
        )
      );
    }
  }

  private _filling = false;
  private _view: IView<A> | null = null;
}

/** Stands where a part of the extension should be whose code did not arrive. */
export function loadingFailed(text: string): Widget {
  const note = new Widget();
  note.addClass('jp-DataflowEnvs-message');
  note.node.setAttribute('role', 'alert');
  note.node.textContent = text;
  return note;
}
