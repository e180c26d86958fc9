import '../../style/ui.css';

import * as React from 'react';

import { View } from '../ui/view';
import type { IWorkbench } from '../workbench';

export interface IAdminArgs {
  section?: string;
}

/** What administrators do: reviews, published environments, policy, audit trail. */
export function createAdmin(workbench: IWorkbench, args: IAdminArgs): View<IAdminArgs> {
  return new AdminView(workbench, args);
}

class AdminView extends View<IAdminArgs> {
  protected draw(): JSX.Element {
    return <h1>{this.workbench.trans.__('Python Environments')}</h1>;
  }
}
