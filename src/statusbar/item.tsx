import '../../style/statusbar.css';

import type { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import * as React from 'react';

import { useSignalState } from '../ui/useSignalState';
import { KernelStatusModel } from './model';

export { KernelStatusModel };

export interface IKernelStatusItemProps {
  model: Pick<KernelStatusModel, 'state' | 'stateChanged'>;
  onOpen: (shortName: string) => void;
  onOpenLocal: (id: string) => void;
  onRestart: () => void;
  trans: TranslationBundle;
}

export function createItem(props: IKernelStatusItemProps): ReactWidget {
  const widget = ReactWidget.create(<KernelStatusItem {...props} />);
  widget.addClass('jp-DataflowEnvs-statusItem');
  return widget;
}

/** Environment and version of the notebook's kernel, and what a restart would bring. */
export function KernelStatusItem(props: IKernelStatusItemProps): JSX.Element | null {
  const { model, onOpen, onOpenLocal, onRestart, trans } = props;
  const status = useSignalState(model);
  if (!status) {
    return null;
  }
  if ('local' in status) {
    const { local, name } = status;
    return (
      <button
        type="button"
        className="jp-DataflowEnvs-statusButton"
        title={trans.__('Open the Local environment %1', name)}
        onClick={() => onOpenLocal(local)}
      >
        <span className="jp-DataflowEnvs-statusName">{trans.__('Local · %1', name)}</span>
      </button>
    );
  }
  const { shortName, fullName, version, newer, deprecated } = status;
  const title = [
    trans.__('Open the environment %1', shortName),
    ...(deprecated === null ? [] : [trans.__('Deprecated: %1', deprecated)])
  ].join('\n');
  return (
    <>
      <button
        type="button"
        className="jp-DataflowEnvs-statusButton"
        title={title}
        onClick={() => onOpen(shortName)}
      >
        <span className="jp-DataflowEnvs-statusName">{fullName}</span>
        {version !== null && <span>{` · v${version}`}</span>}
        {deprecated !== null && <span>{` · ${trans.__('deprecated')}`}</span>}
      </button>
      <span role="status">
        {newer !== null && (
          <button
            type="button"
            className="jp-DataflowEnvs-statusButton jp-mod-newer"
            title={trans.__(
              'The kernel runs version %1. A restart takes version %2.',
              version,
              newer
            )}
            onClick={onRestart}
          >
            {trans.__('v%1 available — restart kernel', newer)}
          </button>
        )}
      </span>
    </>
  );
}
