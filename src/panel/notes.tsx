import { addIcon, fileUploadIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { environmentsIcon } from '../icons';
import { CommandIDs } from '../tokens';
import { ActionButton } from '../ui/actionButton';
import { useWorkbench } from '../workbench';

/** Milliseconds for which a lost connection is nobody's concern: a server that starts again is back by then. */
const PATIENCE = 5000;

/** What to do when there is nothing yet. */
export function EmptyNote(): JSX.Element {
  const { commands, trans } = useWorkbench();
  return (
    <div className="jp-DataflowEnvs-message">
      <environmentsIcon.react tag="span" className="jp-DataflowEnvs-emblem" aria-hidden="true" />
      <p className="jp-DataflowEnvs-lead">{trans.__('No environments yet.')}</p>
      <p>{trans.__('Create one, or import an environment.yml')}</p>
      <p className="jp-DataflowEnvs-choices">
        <ActionButton
          label={trans.__('New Environment')}
          icon={addIcon}
          look="accept"
          onClick={() => void commands.execute(CommandIDs.create)}
        />
        <ActionButton
          label={trans.__('Import…')}
          icon={fileUploadIcon}
          onClick={() => void commands.execute(CommandIDs.importFile)}
        />
      </p>
    </div>
  );
}

/** That the filter leaves nothing. */
export function NoMatch(props: { query: string; onClear: () => void }): JSX.Element {
  const { trans } = useWorkbench();
  return (
    <div className="jp-DataflowEnvs-message jp-mod-small">
      <p>{trans.__('No environment matches “%1”.', props.query.trim())}</p>
      <ActionButton label={trans.__('Clear Filter')} onClick={props.onClear} />
    </div>
  );
}

/** That changes do not arrive by themselves, once that has lasted. */
export function LostNote(props: { live: boolean }): JSX.Element {
  const { trans } = useWorkbench();
  const [lasts, setLasts] = React.useState(false);
  React.useEffect(() => {
    if (props.live) {
      setLasts(false);
      return undefined;
    }
    const timer = window.setTimeout(() => setLasts(true), PATIENCE);
    return () => window.clearTimeout(timer);
  }, [props.live]);
  return (
    <div className="jp-DataflowEnvs-lost" role="status">
      {lasts && !props.live && trans.__('Connection lost, trying again…')}
    </div>
  );
}
