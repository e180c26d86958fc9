import type { TranslationBundle } from '@jupyterlab/translation';
import {
  closeIcon,
  deleteIcon,
  downloadIcon,
  launchIcon,
  runIcon,
  stopIcon
} from '@jupyterlab/ui-components';

import type { ILook } from '../actions/looks';
import type { Local } from '../api/schemas';

/** The actions of the server's table. */
export type LocalActionName =
  | 'register_kernel'
  | 'install_ipykernel'
  | 'remove_kernel'
  | 'copy_to_dataflow'
  | 'cancel'
  | 'delete';

/** In the order of menus. */
export function localLooks(trans: TranslationBundle): Record<LocalActionName, ILook> {
  return {
    register_kernel: { label: trans.__('Activate'), icon: runIcon },
    install_ipykernel: { label: trans.__('Install ipykernel'), icon: downloadIcon },
    remove_kernel: { label: trans.__('Remove Kernel'), icon: stopIcon },
    copy_to_dataflow: { label: trans.__('Copy to Dataflow'), icon: launchIcon },
    cancel: { label: trans.__('Cancel'), icon: closeIcon },
    delete: { label: trans.__('Delete'), icon: deleteIcon }
  };
}

/** Whether that can be done now, and if not, why: the server's words. */
export function localDecision(
  local: Local,
  action: LocalActionName
): { allowed: boolean; reason: string | null } {
  const none = { allowed: false, reason: null };
  const decision = local.actions[action] ?? none;
  if (action !== 'register_kernel' || decision.allowed || local.kernel !== null) {
    return decision;
  }
  // One without ipykernel is activated too, after that is installed.
  const install = local.actions['install_ipykernel'] ?? none;
  return install.allowed ? install : decision;
}
