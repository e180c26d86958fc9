import {
  caretDownEmptyThinIcon,
  checkIcon,
  circleIcon,
  ellipsesIcon
} from '@jupyterlab/ui-components';
import * as React from 'react';

import type { Environment } from '../api/schemas';
import { CommandIDs } from '../tokens';
import { ActionButton } from '../ui/actionButton';
import { BuildProgress } from '../ui/buildProgress';
import { agoWords } from '../ui/format';
import { StatusChip } from '../ui/statusChip';
import { useSignalState } from '../ui/useSignalState';
import { decisionOf, useWorkbench } from '../workbench';
import { primaryAction } from './primaryAction';
import type { IRowMenus } from './rowMenus';

export interface IEnvironmentRowProps {
  environment: Environment;
  /** Whether the asking person owns it; other people's rows name their owner. */
  mine: boolean;
  /** Whether Tab reaches it. */
  isStop: boolean;
  /** Whether it is the one that commands without arguments act on. */
  isCurrent: boolean;
  /** Whether it stands among those that wait for approval, where it is to be reviewed. */
  isReview?: boolean;
  menus: IRowMenus;
}

/**
 * One environment: its names, its version, its status; while it is built, how far it is, and when that failed, why. The
 * name opens its tab; everything else that can be done is in the menu.
 */
export const EnvironmentRow = React.memo((props: IEnvironmentRowProps): JSX.Element => {
  const { environment, mine, isStop, isCurrent, isReview = false, menus } = props;
  const { commands, trans } = useWorkbench();
  const { short_name: shortName, full_name: fullName, latest_version: latest } = environment;
  const facts = React.useId();
  const tabIndex = isStop ? 0 : -1;
  const open = () =>
    void commands.execute(
      CommandIDs.open,
      isReview ? { shortName, section: 'review' } : { shortName }
    );
  const onKeyDown = (event: React.KeyboardEvent<HTMLElement>) => {
    if (event.key === 'ContextMenu' || (event.key === 'F10' && event.shiftKey)) {
      event.preventDefault();
      menus.openContext(environment, event.currentTarget);
    }
  };
  const onContextMenu = (event: React.MouseEvent<HTMLElement>) => {
    // Else JupyterLab's own menu opens, which can't say why something is disabled.
    event.preventDefault();
    event.stopPropagation();
    const name = event.currentTarget.querySelector('[data-row-focus]');
    menus.openContext(environment, { x: event.clientX, y: event.clientY }, name);
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
        title={tooltipOf(environment)}
        aria-describedby={facts}
        aria-current={isCurrent || undefined}
        onClick={open}
        onKeyDown={onKeyDown}
      >
        {fullName}
      </button>
      <span className="jp-DataflowEnvs-rowActions">
        <button
          type="button"
          className="jp-DataflowEnvs-button jp-mod-icon jp-DataflowEnvs-moreActions"
          aria-haspopup="menu"
          aria-label={trans.__('More Actions')}
          title={trans.__('More Actions')}
          tabIndex={tabIndex}
          onClick={event => menus.openContext(environment, event.currentTarget)}
        >
          <ellipsesIcon.react tag="span" elementSize="normal" aria-hidden="true" />
        </button>
        {isReview ? (
          <ActionButton
            iconOnly
            label={trans.__('Review')}
            icon={checkIcon}
            tabIndex={tabIndex}
            onClick={open}
          />
        ) : (
          <PrimaryButton environment={environment} tabIndex={tabIndex} />
        )}
      </span>
      <span id={facts} className="jp-DataflowEnvs-facts">
        <code className="jp-DataflowEnvs-short">{shortName}</code>
        {latest !== null && (
          <button
            type="button"
            className="jp-DataflowEnvs-versions"
            aria-haspopup="menu"
            aria-label={trans.__('v%1, all versions', latest)}
            title={trans.__('All versions')}
            tabIndex={tabIndex}
            onClick={event => menus.openVersions(environment, event.currentTarget)}
          >
            {`v${latest}`}
            <caretDownEmptyThinIcon.react tag="span" elementSize="small" aria-hidden="true" />
          </button>
        )}
        {!isReview && <StatusChip status={environment.status} trans={trans} />}
        {environment.deprecated !== null && (
          <span className="jp-DataflowEnvs-mark jp-mod-warn">{trans.__('deprecated')}</span>
        )}
        {environment.modified && (
          <span className="jp-DataflowEnvs-mark">
            {latest === null ? trans.__('edited') : trans.__('edited since v%1', latest)}
          </span>
        )}
        {isReview && environment.review ? (
          <span className="jp-DataflowEnvs-owner">
            {`${environment.review.submitted_by}, ${agoWords(environment.review.submitted_at, trans)}`}
          </span>
        ) : (
          !mine && <span className="jp-DataflowEnvs-owner">{environment.owner}</span>
        )}
      </span>
      {environment.failure !== null && (
        <span className="jp-DataflowEnvs-failure">{environment.failure}</span>
      )}
      {environment.status === 'In Progress' && (
        <BuildProgress environment={environment} trans={trans} />
      )}
    </div>
  );
});
EnvironmentRow.displayName = 'EnvironmentRow';

function PrimaryButton(props: { environment: Environment; tabIndex: number }): JSX.Element {
  const { environment, tabIndex } = props;
  const { commands, looks, running, trans } = useWorkbench();
  useSignalState(running);
  const name = primaryAction(environment);
  const { short_name: shortName } = environment;
  const run = (command: string) => void commands.execute(command, { shortName });
  if (name === 'notebook') {
    return (
      <ActionButton
        iconOnly
        className="jp-DataflowEnvs-active"
        label={trans.__('Active: New Notebook')}
        icon={circleIcon}
        busy={running.has(shortName, 'new_notebook')}
        tabIndex={tabIndex}
        onClick={() => run(CommandIDs.newNotebook)}
      />
    );
  }
  const { allowed, reason } = decisionOf(environment, name);
  return (
    <ActionButton
      iconOnly
      label={looks[name].label}
      icon={looks[name].icon}
      allowed={allowed}
      refusal={reason}
      busy={running.has(shortName, name)}
      tabIndex={tabIndex}
      onClick={() => run(CommandIDs.action(name))}
    />
  );
}

function tooltipOf(environment: Environment): string {
  const { full_name: fullName, description, owner, deprecated, failure } = environment;
  return [`${fullName} (${owner})`, description, deprecated?.reason, failure]
    .filter(Boolean)
    .join('\n\n');
}

/** Pixels of a row as the style sheet draws it, where it needs no more lines than it usually does. */
export function rowHeight(environment: Environment): number {
  const isBuilt = environment.status === 'In Progress';
  return 56 + (environment.failure === null ? 0 : 36) + (isBuilt ? 26 : 0);
}
