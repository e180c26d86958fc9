import '../../style/ui.css';

import * as React from 'react';

import type { IFormArgs } from '../tokens';
import { View } from '../ui/view';
import type { IWorkbench } from '../workbench';

/** The form for a new environment, or to edit or duplicate one. */
export function createForm(workbench: IWorkbench, args: IFormArgs): View<IFormArgs> {
  return new FormView(workbench, args);
}

class FormView extends View<IFormArgs> {
  protected draw(): JSX.Element {
    return <h1>{this.workbench.trans.__('New Environment')}</h1>;
  }
}
