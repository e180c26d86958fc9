import { Button } from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { Environment } from '../api/schemas';
import { ColumnHeads } from '../ui/columnHeads';
import { useWorkbench } from '../workbench';
import { plain } from '../ui/plain';
import { type IValues, linesOf, valuesOf } from './values';

/** Somebody else has changed what is edited here: what differs, and whose is to stay. */
export function TheirsNote(props: {
  theirs: { environment: Environment; refused: boolean };
  mine: IValues;
  onTake: () => void;
  onKeep: () => void;
}): JSX.Element {
  const { mine, onKeep, onTake, theirs } = props;
  const { trans } = useWorkbench();
  const rows = differences(valuesOf(theirs.environment), mine, trans);
  return (
    <div className="jp-DataflowEnvs-formNote jp-mod-warn" role="alert">
      <p className="jp-DataflowEnvs-lead">
        {theirs.refused
          ? trans.__('Not saved: someone else has changed this environment meanwhile.')
          : trans.__('Someone else has changed this environment while you edit it.')}
      </p>
      {rows.length === 0 ? (
        <p>{trans.__('They have saved the same as stands here.')}</p>
      ) : (
        <table className="jp-DataflowEnvs-table" aria-label={trans.__('What differs')}>
          <ColumnHeads of={[trans.__('Field'), trans.__('Theirs'), trans.__('Yours')]} />
          <tbody>
            {rows.map(({ label, left, right }) => (
              <tr key={label}>
                <th scope="row">{label}</th>
                <td className="jp-DataflowEnvs-multiline">{plain(left) || '—'}</td>
                <td className="jp-DataflowEnvs-multiline">{plain(right) || '—'}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <div className="jp-DataflowEnvs-formNoteButtons">
        <Button className="jp-mod-styled" onClick={onTake}>
          {trans.__('Take Theirs')}
        </Button>
        <Button className={`jp-mod-styled ${theirs.refused ? 'jp-mod-warn' : ''}`} onClick={onKeep}>
          {theirs.refused ? trans.__('Overwrite') : trans.__('Keep Mine')}
        </Button>
      </div>
    </div>
  );
}

interface IDifference {
  label: string;
  left: string;
  right: string;
}

/** Field by field; of the libraries only the lines that the other side does not have. */
function differences(theirs: IValues, mine: IValues, trans: TranslationBundle): IDifference[] {
  const labels: Partial<Record<keyof IValues, string>> = {
    fullName: trans.__('Full Name'),
    description: trans.__('Description'),
    base: trans.__('Base Environment'),
    pythonVersion: trans.__('Python Version'),
    conda: trans.__('Conda Libraries'),
    pip: trans.__('Pip Libraries')
  };
  return (Object.entries(labels) as [keyof IValues, string][])
    .filter(([key]) => theirs[key] !== mine[key])
    .filter(([key]) => key !== 'pythonVersion' || (!theirs.base && !mine.base))
    .map(([key, label]) => {
      if (key !== 'conda' && key !== 'pip') {
        return { label, left: theirs[key], right: mine[key] };
      }
      const left = linesOf(theirs[key]);
      const right = linesOf(mine[key]);
      return {
        label,
        left: left.filter(line => !right.includes(line)).join('\n'),
        right: right.filter(line => !left.includes(line)).join('\n')
      };
    });
}
