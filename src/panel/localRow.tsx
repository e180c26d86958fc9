import { runIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { useWorkbench } from '../workbench';
import type { ILocalKernel } from './localKernels';

/** A Python that this Jupyter server has; a notebook in it is what there is to do. */
export function LocalRow(props: { kernel: ILocalKernel; isStop: boolean }): JSX.Element {
  const { name, displayName } = props.kernel;
  const { commands, trans } = useWorkbench();
  return (
    <div className="jp-DataflowEnvs-row jp-mod-local">
      <button
        type="button"
        className="jp-DataflowEnvs-name"
        data-row-focus
        tabIndex={props.isStop ? 0 : -1}
        title={trans.__('New notebook with %1', displayName)}
        aria-label={trans.__('New notebook with %1', displayName)}
        onClick={() => void commands.execute('notebook:create-new', { kernelName: name })}
      >
        {displayName}
      </button>
      <runIcon.react
        tag="span"
        className="jp-DataflowEnvs-rowActions"
        elementSize="normal"
        aria-hidden="true"
      />
      <span className="jp-DataflowEnvs-facts">
        <code>{name}</code>
      </span>
    </div>
  );
}
