import { addIcon, ellipsesIcon, InputGroup, refreshIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { CommandIDs } from '../tokens';
import { ActionButton } from '../ui/actionButton';
import { openMenu } from '../ui/reasonMenu';
import { useWorkbench } from '../workbench';
import { panelEntries } from './menus';

/** The panel's name, its buttons and its filter. */
export function PanelHeader(props: {
  query: string;
  onQuery: (query: string) => void;
  /** Whether somebody waits for the list. */
  refreshing: boolean;
  /** How many rows the filter leaves, in words, for those who can't see them go. */
  outcome: string;
  /** Out of the filter into the list. */
  onLeave: () => void;
}): JSX.Element {
  const { query, onQuery, refreshing, outcome, onLeave } = props;
  const workbench = useWorkbench();
  const { commands, environments, kernelspecs, local, trans } = workbench;
  const onKeyDown = (event: React.KeyboardEvent) => {
    if (event.key === 'ArrowDown') {
      event.preventDefault();
      onLeave();
    } else if (event.key === 'Escape' && query !== '') {
      event.preventDefault();
      event.stopPropagation();
      onQuery('');
    }
  };
  const refresh = () => {
    void environments.refresh();
    void local.refresh();
    void kernelspecs.refreshSpecs().catch(() => undefined);
  };
  return (
    <div className="jp-DataflowEnvs-header">
      <div className="jp-DataflowEnvs-headerLine">
        <h2 className="jp-DataflowEnvs-title">{trans.__('Environments')}</h2>
        <ActionButton
          iconOnly
          className="jp-DataflowEnvs-refresh"
          label={trans.__('Refresh')}
          icon={refreshIcon}
          busy={refreshing}
          onClick={refresh}
        />
        <ActionButton
          iconOnly
          label={trans.__('New Environment')}
          icon={addIcon}
          onClick={() => void commands.execute(CommandIDs.create)}
        />
        <button
          type="button"
          className="jp-DataflowEnvs-button jp-mod-icon"
          aria-haspopup="menu"
          aria-label={trans.__('More')}
          title={trans.__('More')}
          onClick={event =>
            openMenu(trans.__('Environments'), panelEntries(workbench), event.currentTarget)
          }
        >
          <ellipsesIcon.react tag="span" elementSize="normal" aria-hidden="true" />
        </button>
      </div>
      <InputGroup
        type="search"
        className="jp-DataflowEnvs-filter"
        rightIcon="ui-components:search"
        placeholder={trans.__('Filter…')}
        title={trans.__('Words of names, owner, status or libraries')}
        aria-label={trans.__('Filter environments')}
        value={query}
        onChange={event => onQuery(event.target.value)}
        onKeyDown={onKeyDown}
      />
      <span className="jp-DataflowEnvs-unseen" role="status">
        {outcome}
      </span>
    </div>
  );
}
