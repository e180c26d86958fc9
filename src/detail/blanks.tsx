import * as React from 'react';

import { environmentsIcon } from '../icons';
import { CommandIDs } from '../tokens';
import { ActionButton } from '../ui/actionButton';
import { useWorkbench } from '../workbench';

const LINES = [34, 46, 28, 52, 40, 31];

/** In the shape of the tab that is to come. */
export function DetailSkeleton(): JSX.Element {
  const { trans } = useWorkbench();
  return (
    <div role="status" aria-label={trans.__('Loading…')}>
      <div className="jp-DataflowEnvs-detailHeader" aria-hidden="true">
        <span className="jp-DataflowEnvs-bone jp-mod-title" />
        <span className="jp-DataflowEnvs-bone" />
        <span className="jp-DataflowEnvs-bone jp-mod-buttons" />
      </div>
      <Lines />
    </div>
  );
}

/** Rows to come, below the tabs. */
export function SectionSkeleton(): JSX.Element {
  const { trans } = useWorkbench();
  return (
    <div role="status" aria-label={trans.__('Loading…')}>
      <Lines />
    </div>
  );
}

function Lines(): JSX.Element {
  return (
    <div className="jp-DataflowEnvs-skeletonLines" aria-hidden="true">
      {LINES.map(width => (
        <span key={width} className="jp-DataflowEnvs-bone" style={{ width: `${width}%` }} />
      ))}
    </div>
  );
}

/** The environment is not there, or not for this person. */
export function Gone({ shortName }: { shortName: string }): JSX.Element {
  const { commands, trans } = useWorkbench();
  return (
    <Blank
      lead={trans.__('There is no environment "%1" any more.', shortName)}
      text={trans.__(
        'It was deleted or unpublished, or it was never there for you. Close this tab, or choose another environment.'
      )}
      action={trans.__('Show Environments')}
      onAction={() => void commands.execute(CommandIDs.showPanel)}
    />
  );
}

/** Nothing to show, why, and what to do next. */
export function Blank(props: {
  lead: string;
  text: string;
  action?: string;
  onAction?: () => void;
  /** Why that can't be done now. */
  refusal?: string | null;
  allowed?: boolean;
}): JSX.Element {
  const { lead, text, action, onAction, refusal, allowed } = props;
  return (
    <div className="jp-DataflowEnvs-message">
      <environmentsIcon.react tag="span" className="jp-DataflowEnvs-emblem" />
      <p className="jp-DataflowEnvs-lead">{lead}</p>
      <p>{text}</p>
      {action !== undefined && onAction && (
        <ActionButton
          label={action}
          look="accept"
          allowed={allowed}
          refusal={refusal}
          onClick={onAction}
        />
      )}
    </div>
  );
}
