import { circleIcon, ellipsesIcon, type LabIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import type { Local } from '../api/schemas';
import { localDecision, localLooks } from '../local/looks';
import { openLocalMenu } from '../local/menu';
import { LocalStatusChip } from '../local/statusChip';
import { kindWords, pythonWords } from '../local/words';
import { CommandIDs } from '../tokens';
import { ActionButton } from '../ui/actionButton';
import { BuildProgress } from '../ui/buildProgress';
import { plain } from '../ui/plain';
import { useWorkbench } from '../workbench';
import { LocalCommandIDs } from '../local/commandIds';

export interface ILocalRowProps {
  local: Local;
  /** Whether Tab reaches it. */
  isStop: boolean;
  /** Whether it is the one that commands without arguments act on. */
  isCurrent: boolean;
}

/** One Local environment: its name, its Python, where it comes from; how far it is, and when that failed, why. */
export const LocalRow = React.memo((props: ILocalRowProps): JSX.Element => {
  const { local, isStop, isCurrent } = props;
  const workbench = useWorkbench();
  const { commands, trans } = workbench;
  const { id, kernel, kind, name, prefix, reason, status } = local;
  const facts = React.useId();
  const tabIndex = isStop ? 0 : -1;
  const openMenu = (at: HTMLElement | { x: number; y: number }) =>
    openLocalMenu(workbench, local, at);
  const onKeyDown = (event: React.KeyboardEvent<HTMLElement>) => {
    if (event.key === 'ContextMenu' || (event.key === 'F10' && event.shiftKey)) {
      event.preventDefault();
      openMenu(event.currentTarget);
    }
  };
  const onContextMenu = (event: React.MouseEvent) => {
    // Else JupyterLab's own menu opens, which can't say why something is disabled.
    event.preventDefault();
    event.stopPropagation();
    openMenu({ x: event.clientX, y: event.clientY });
  };
  return (
    <div
      className={`jp-DataflowEnvs-row${isCurrent ? ' jp-mod-current' : ''}`}
      onContextMenu={onContextMenu}
    >
      <button
        type="button"
        className="jp-DataflowEnvs-name"
        data-row-focus
        tabIndex={tabIndex}
        title={[plain(prefix), reason && plain(reason)].filter(Boolean).join('\n\n')}
        aria-describedby={facts}
        aria-current={isCurrent || undefined}
        onClick={() => void commands.execute(CommandIDs.openLocal, { id })}
        onKeyDown={onKeyDown}
      >
        {plain(name)}
      </button>
      <span className="jp-DataflowEnvs-rowActions">
        <button
          type="button"
          className="jp-DataflowEnvs-button jp-mod-icon jp-DataflowEnvs-moreActions"
          aria-haspopup="menu"
          aria-label={trans.__('More Actions')}
          title={trans.__('More Actions')}
          tabIndex={tabIndex}
          onClick={event => openMenu(event.currentTarget)}
        >
          <ellipsesIcon.react tag="span" elementSize="normal" aria-hidden="true" />
        </button>
        <PrimaryButton local={local} tabIndex={tabIndex} />
      </span>
      <span id={facts} className="jp-DataflowEnvs-facts">
        {local.python_version !== null && <code>{plain(pythonWords(local, trans))}</code>}
        <span className="jp-DataflowEnvs-owner">{kindWords(kind, trans)}</span>
        {status === 'Ready' && kernel === null && <span>{trans.__('no kernel')}</span>}
        <LocalStatusChip status={status} trans={trans} />
      </span>
      {reason !== null && status !== 'In Progress' && (
        <span className="jp-DataflowEnvs-failure">{plain(reason)}</span>
      )}
      {status === 'In Progress' && (
        <BuildProgress
          environment={{
            short_name: plain(name),
            phase: local.phase ?? 'queued',
            progress: local.progress,
            queue_position: null
          }}
          trans={trans}
        />
      )}
    </div>
  );
});
LocalRow.displayName = 'LocalRow';

/** What the person most likely wants next: work in what is active, else activate it; what is being done can be stopped. */
function PrimaryButton({ local, tabIndex }: { local: Local; tabIndex: number }): JSX.Element {
  const { commands, trans } = useWorkbench();
  const [busy, setBusy] = React.useState(false);
  const button = (
    label: string,
    icon: LabIcon,
    command: string,
    more: { allowed?: boolean; refusal?: string | null; className?: string } = {}
  ) => (
    <ActionButton
      iconOnly
      label={label}
      icon={icon}
      busy={busy}
      tabIndex={tabIndex}
      onClick={() => {
        setBusy(true);
        const done = () => setBusy(false);
        commands.execute(command, { id: local.id }).then(done, done);
      }}
      {...more}
    />
  );
  if (local.kernel !== null && local.status === 'Ready') {
    return button(trans.__('Active: New Notebook'), circleIcon, LocalCommandIDs.newNotebook, {
      className: 'jp-DataflowEnvs-active'
    });
  }
  const looks = localLooks(trans);
  if (localDecision(local, 'cancel').allowed) {
    return button(looks.cancel.label, looks.cancel.icon, LocalCommandIDs.action('cancel'));
  }
  const { allowed, reason } = localDecision(local, 'register_kernel');
  const label =
    allowed && !local.has_ipykernel
      ? trans.__('Install ipykernel and Activate')
      : looks.register_kernel.label;
  return button(label, looks.register_kernel.icon, LocalCommandIDs.action('register_kernel'), {
    allowed,
    refusal: reason
  });
}

/** Pixels of a row as the style sheet draws it, where it needs no more lines than it usually does. */
export function localHeight({ reason, status }: Local): number {
  const goesOn = status === 'In Progress';
  return 52 + (reason === null || goesOn ? 0 : 36) + (goesOn ? 26 : 0);
}
