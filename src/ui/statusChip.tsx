import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { Status } from '../api/schemas';

const MODIFIER: Record<Status, string> = {
  Saved: 'jp-mod-saved',
  'In Progress': 'jp-mod-progress',
  Failed: 'jp-mod-failed',
  Draft: 'jp-mod-draft',
  'Pending Approval': 'jp-mod-pending',
  Published: 'jp-mod-published'
};

/** The status as colour and word. */
export function StatusChip(props: { status: Status; trans: TranslationBundle }): JSX.Element {
  return (
    <span className={`jp-DataflowEnvs-status ${MODIFIER[props.status]}`}>
      {statusWord(props.status, props.trans)}
    </span>
  );
}

export function statusWord(status: Status, trans: TranslationBundle): string {
  switch (status) {
    case 'Saved':
      return trans.__('Saved');
    case 'In Progress':
      return trans.__('In Progress');
    case 'Failed':
      return trans.__('Failed');
    case 'Draft':
      return trans.__('Draft');
    case 'Pending Approval':
      return trans.__('Pending Approval');
    case 'Published':
      return trans.__('Published');
  }
}
