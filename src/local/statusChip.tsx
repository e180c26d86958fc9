import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { Local } from '../api/schemas';
import { localStatusWord } from './words';

/** The status as colour and word; a Local environment that is ready needs none. */
export function LocalStatusChip(props: {
  status: Local['status'];
  trans: TranslationBundle;
}): JSX.Element | null {
  const { status, trans } = props;
  if (status === 'Ready') {
    return null;
  }
  const look = status === 'In Progress' ? 'jp-mod-progress' : 'jp-mod-failed';
  return <span className={`jp-DataflowEnvs-status ${look}`}>{localStatusWord(status, trans)}</span>;
}
