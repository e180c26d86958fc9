import '../../style/panel.css';

import { ReactWidget } from '@jupyterlab/ui-components';
import type { Widget } from '@lumino/widgets';
import * as React from 'react';

import { type IWorkbench, WorkbenchProvider } from '../workbench';
import { EnvironmentsPanel } from './environmentsPanel';

/** The content of the side bar. */
export function createPanel(workbench: IWorkbench): Widget {
  const widget = ReactWidget.create(
    <WorkbenchProvider value={workbench}>
      <EnvironmentsPanel />
    </WorkbenchProvider>
  );
  widget.addClass('jp-DataflowEnvs-content');
  void workbench.environments.ensure();
  void workbench.local.ensure();
  return widget;
}
