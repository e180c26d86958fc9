import { ellipsesIcon, fileIcon, type LabIcon, notebookIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import type { Local } from '../../api/schemas';
import { ActionButton } from '../../ui/actionButton';
import { openMenu } from '../../ui/reasonMenu';
import { useSignalState } from '../../ui/useSignalState';
import { useWorkbench } from '../../workbench';
import { type LocalActionName, localDecision, localLooks } from '../looks';
import { localEntries } from '../menu';
import { runningKey } from '../running';
import { LocalCommandIDs } from '../commandIds';

/** What can be done with it: the next steps as buttons, all in a menu. */
export function LocalActions({ local }: { local: Local }): JSX.Element {
  const workbench = useWorkbench();
  const { commands, running, trans } = workbench;
  useSignalState(running);
  const { id, kernel, status } = local;
  const looks = localLooks(trans);
  const run = (command: string) => void commands.execute(command, { id });
  const action = (name: LocalActionName, isNext = false, label = looks[name].label) => {
    const { allowed, reason } = localDecision(local, name);
    return (
      <ActionButton
        key={name}
        label={label}
        icon={looks[name].icon}
        look={isNext && allowed ? 'accept' : 'plain'}
        allowed={allowed}
        refusal={reason}
        busy={running.has(runningKey(id), name)}
        onClick={() => run(LocalCommandIDs.action(name))}
      />
    );
  };
  const plainButton = (label: string, icon: LabIcon, command: string, isNext = false) => (
    <ActionButton
      label={label}
      icon={icon}
      look={isNext ? 'accept' : 'plain'}
      onClick={() => run(command)}
    />
  );
  return (
    <div className="jp-DataflowEnvs-actions" role="group" aria-label={trans.__('Actions')}>
      {status === 'In Progress' ? (
        <>
          {action('cancel')}
          {plainButton(trans.__('Show Log'), fileIcon, LocalCommandIDs.showLog)}
        </>
      ) : status === 'Failed' ? (
        <>
          {plainButton(trans.__('Show Log'), fileIcon, LocalCommandIDs.showLog, true)}
          {action('delete')}
        </>
      ) : (
        <>
          {kernel
            ? plainButton(trans.__('New Notebook'), notebookIcon, LocalCommandIDs.newNotebook, true)
            : action(
                'register_kernel',
                true,
                local.has_ipykernel || status === 'Broken'
                  ? undefined
                  : trans.__('Install ipykernel and Activate')
              )}
          {action('copy_to_dataflow')}
        </>
      )}
      <span className="jp-DataflowEnvs-more">
        <button
          type="button"
          className="jp-DataflowEnvs-button jp-mod-icon"
          aria-haspopup="menu"
          aria-label={trans.__('More actions')}
          title={trans.__('More actions')}
          onClick={event =>
            openMenu(
              trans.__('More actions'),
              localEntries(workbench, local, true),
              event.currentTarget
            )
          }
        >
          <ellipsesIcon.react tag="span" elementSize="normal" aria-hidden="true" />
        </button>
      </span>
    </div>
  );
}
