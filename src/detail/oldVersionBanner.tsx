import * as React from 'react';

import type { Environment } from '../api/schemas';
import { ActionButton } from '../ui/actionButton';
import { latestBuilt } from '../ui/versionWords';
import { useWorkbench } from '../workbench';
import type { IDetailState } from './model';
import { Note } from './note';
import { RevertButton } from './revertButton';

/** Says that an earlier version is looked at, and how to get it back or to leave it. */
export function OldVersionBanner(props: {
  environment: Environment;
  state: IDetailState;
  onVersion: (number: number | null) => void;
}): JSX.Element | null {
  const { environment, state, onVersion } = props;
  const { trans } = useWorkbench();
  const { number, versions } = state;
  if (number === null || number === environment.latest_version) {
    return null;
  }
  const latest = latestBuilt(versions ?? []);
  const summary = versions?.find(version => version.number === number);
  return (
    <Note
      look="info"
      lead={trans.__('You are looking at version %1', number)}
      buttons={
        <>
          {summary && number !== latest && (
            <RevertButton environment={environment} version={summary} latestBuilt={latest} />
          )}
          <ActionButton label={trans.__('Back to the latest')} onClick={() => onVersion(null)} />
        </>
      }
    >
      {number === latest
        ? trans.__('the one in use. The latest is version %1.', environment.latest_version ?? '')
        : trans.__(
            'it is there to look at, compare and go back to. The latest is version %1.',
            environment.latest_version ?? ''
          )}
    </Note>
  );
}
