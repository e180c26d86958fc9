import { ReactWidget } from '@jupyterlab/ui-components';
import { type ISignal, Signal } from '@lumino/signaling';
import * as React from 'react';

import type { IView } from '../shell/tabs';
import { type IWorkbench, WorkbenchProvider } from '../workbench';

/**
 * A tab's content drawn by React. It is drawn anew when `open` brings other arguments, and says with `showArgs` what it
 * shows by now, so that a reload brings back that.
 */
export abstract class View<A> extends ReactWidget implements IView<A> {
  constructor(
    protected readonly workbench: IWorkbench,
    private _args: A
  ) {
    super();
    this.addClass('jp-DataflowEnvs-content');
    this.node.tabIndex = -1;
  }

  get args(): A {
    return this._args;
  }

  get argsChanged(): ISignal<this, void> {
    return this._argsChanged;
  }

  open(args: A): void {
    this._args = args;
    this.update();
  }

  protected abstract draw(args: A): JSX.Element;

  /** For the view itself: what it shows has changed from within. */
  protected showArgs(args: A): void {
    this._args = args;
    this.update();
    this._argsChanged.emit();
  }

  protected override onActivateRequest(): void {
    if (!this.node.contains(document.activeElement)) {
      this.node.focus({ preventScroll: true });
    }
  }

  protected render(): JSX.Element {
    return <WorkbenchProvider value={this.workbench}>{this.draw(this._args)}</WorkbenchProvider>;
  }

  private readonly _argsChanged = new Signal<this, void>(this);
}
