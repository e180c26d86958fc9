import { Button } from '@jupyterlab/ui-components';
import * as React from 'react';

import { useWorkbench } from '../workbench';
import type { IImport } from './imported';
import { plain } from '../ui/plain';

/** What became of a file, line by line: nothing of it is lost unsaid. */
export function ImportNote(props: {
  imported: IImport;
  onUndo: () => void;
  onDismiss: () => void;
}): JSX.Element {
  const { imported, onDismiss, onUndo } = props;
  const { trans } = useWorkbench();
  const { account, pythonLeftOut, replaced } = imported;
  const { changed, left_out: leftOut, spec } = account;
  const taken = spec.conda_requirements.length + spec.pip_requirements.length;
  const notes = [
    ...(replaced
      ? [trans.__('The libraries that stood here before have made way. Undo brings them back.')]
      : []),
    ...(pythonLeftOut
      ? [trans.__('Python %1 was left out: the base brings its own.', pythonLeftOut)]
      : []),
    ...account.notes
  ];
  const where = (line: number | null) => (line === null ? '' : trans.__('Line %1', line));
  const section = React.useRef<HTMLElement>(null);
  React.useEffect(() => {
    // Not returned: newer browsers answer with a promise, which React would take for a clean-up.
    void section.current?.scrollIntoView?.({ block: 'nearest' });
  }, [account]);
  return (
    <section
      ref={section}
      className="jp-DataflowEnvs-formNote"
      role="status"
      aria-label={trans.__('Import')}
    >
      <p className="jp-DataflowEnvs-lead">
        {trans._n(
          'Read %2: one library taken',
          'Read %2: %1 libraries taken',
          taken,
          account.format
        )}
        {leftOut.length + changed.length === 0 && trans.__(', nothing left out.')}
      </p>
      {leftOut.length > 0 && (
        <>
          <h2>{trans.__('Left out (%1)', leftOut.length)}</h2>
          <ul className="jp-DataflowEnvs-account">
            {leftOut.map(({ line, text, message }, index) => (
              <li key={index} className="jp-DataflowEnvs-accountEntry">
                <span className="jp-DataflowEnvs-accountLine">{where(line)}</span>
                <span>
                  <code>{plain(text)}</code> {plain(message)}
                </span>
              </li>
            ))}
          </ul>
        </>
      )}
      {changed.length > 0 && (
        <>
          <h2>{trans.__('Changed (%1)', changed.length)}</h2>
          <ul className="jp-DataflowEnvs-account">
            {changed.map(({ became, line, text, message }, index) => (
              <li key={index} className="jp-DataflowEnvs-accountEntry">
                <span className="jp-DataflowEnvs-accountLine">{where(line)}</span>
                <span>
                  <code>{plain(text)}</code> → <code>{plain(became)}</code> {plain(message)}
                </span>
              </li>
            ))}
          </ul>
        </>
      )}
      {notes.length > 0 && (
        <ul className="jp-DataflowEnvs-explanation">
          {notes.map((note, index) => (
            <li key={index}>{plain(note)}</li>
          ))}
        </ul>
      )}
      <div className="jp-DataflowEnvs-formNoteButtons">
        <Button className="jp-mod-styled" onClick={onUndo}>
          {trans.__('Undo Import')}
        </Button>
        <Button className="jp-mod-styled" onClick={onDismiss}>
          {trans.__('Dismiss')}
        </Button>
      </div>
    </section>
  );
}
