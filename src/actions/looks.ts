import type { TranslationBundle } from '@jupyterlab/translation';
import {
  addIcon,
  buildIcon,
  checkIcon,
  closeIcon,
  copyIcon,
  deleteIcon,
  downloadIcon,
  editIcon,
  type LabIcon,
  launchIcon,
  runIcon,
  stopIcon,
  undoIcon,
  userIcon
} from '@jupyterlab/ui-components';

/** The actions of the server's table that the panel offers; `edit` and `use_as_base` open the form. */
export type ActionName =
  | 'edit'
  | 'build'
  | 'cancel'
  | 'revert'
  | 'submit'
  | 'withdraw'
  | 'approve'
  | 'reject'
  | 'deprecate'
  | 'undeprecate'
  | 'unpublish'
  | 'transfer'
  | 'activate'
  | 'try_draft'
  | 'deactivate'
  | 'use_as_base'
  | 'copy_to_local'
  | 'delete';

export interface ILook {
  label: string;
  icon: LabIcon;
}

/** In the order of menus. */
export function looks(trans: TranslationBundle): Record<ActionName, ILook> {
  return {
    activate: { label: trans.__('Activate'), icon: runIcon },
    try_draft: { label: trans.__('Try This Draft'), icon: runIcon },
    deactivate: { label: trans.__('Deactivate'), icon: stopIcon },
    edit: { label: trans.__('Edit'), icon: editIcon },
    build: { label: trans.__('Build'), icon: buildIcon },
    cancel: { label: trans.__('Cancel Build'), icon: closeIcon },
    revert: { label: trans.__('Revert'), icon: undoIcon },
    submit: { label: trans.__('Submit for Publish'), icon: launchIcon },
    withdraw: { label: trans.__('Withdraw'), icon: undoIcon },
    approve: { label: trans.__('Approve'), icon: checkIcon },
    reject: { label: trans.__('Reject'), icon: closeIcon },
    use_as_base: { label: trans.__('Use as Base'), icon: addIcon },
    copy_to_local: { label: trans.__('Copy to Local'), icon: downloadIcon },
    deprecate: { label: trans.__('Deprecate'), icon: stopIcon },
    undeprecate: { label: trans.__('Undo Deprecation'), icon: undoIcon },
    unpublish: { label: trans.__('Unpublish'), icon: copyIcon },
    transfer: { label: trans.__('Transfer Ownership'), icon: userIcon },
    delete: { label: trans.__('Delete'), icon: deleteIcon }
  };
}
