import type { JupyterFrontEndPlugin } from '@jupyterlab/application';

import { kernels } from './kernels';
import { connection, panel } from './shell';
import { statusbar } from './statusbar';
import { toasts } from './toasts';

const plugins: JupyterFrontEndPlugin<unknown>[] = [connection, panel, kernels, statusbar, toasts];

export default plugins;
