import { errorIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { useWorkbench } from '../workbench';
import type { IFailureLines } from './landmarks';

/** Why the build failed: in one sentence, then the lines of the log that matter, with the way to their place. */
export function FailureNote(props: {
  reason: string;
  lines: IFailureLines | null;
  onShow: (line: number) => void;
}): JSX.Element {
  const { reason, lines, onShow } = props;
  const { trans } = useWorkbench();
  // What says no more than the sentence does need not be read twice.
  const texts = lines?.texts.filter(text => text.trim() !== '' && text.trim() !== reason) ?? [];
  return (
    <section className="jp-DataflowEnvs-logFailure" aria-label={trans.__('Why the build failed')}>
      <errorIcon.react tag="span" className="jp-DataflowEnvs-logFailureIcon" aria-hidden="true" />
      <p className="jp-DataflowEnvs-logReason">{reason}</p>
      {lines && (
        <button
          type="button"
          className="jp-DataflowEnvs-logLink"
          onClick={() => onShow(lines.from)}
        >
          {lines.from === lines.to
            ? trans.__('Show line %1 of the log', lines.from)
            : trans.__('Show lines %1 to %2 of the log', lines.from, lines.to)}
        </button>
      )}
      {texts.length > 0 && (
        <pre
          className="jp-DataflowEnvs-logExcerpt"
          // Long lines scroll here, also by keyboard.
          // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
          tabIndex={0}
          aria-label={trans.__('The lines that matter')}
          role="group"
        >
          {texts.join('\n')}
        </pre>
      )}
    </section>
  );
}
