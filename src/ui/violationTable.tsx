import * as React from 'react';

import type { ReviewPage } from '../api/schemas';
import { ColumnHeads } from './columnHeads';
import { plain } from './plain';
import { useWorkbench } from '../workbench';
import { ruleWord } from './ruleWord';

/** Which packages the policy does not allow, by which rule, and why. */
export function ViolationTable(props: {
  violations: ReviewPage['violations'];
  label: string;
}): JSX.Element {
  const { trans } = useWorkbench();
  return (
    <table className="jp-DataflowEnvs-table" aria-label={props.label}>
      <ColumnHeads of={[trans.__('Library'), trans.__('Reason'), trans.__('Rule')]} />
      <tbody>
        {props.violations.map(({ package: name, version, rule, reason }) => (
          <tr key={`${rule}:${name}`}>
            <th scope="row">
              {plain(name)} <span className="jp-DataflowEnvs-soft">{plain(version)}</span>
            </th>
            <td>{plain(reason)}</td>
            <td>{ruleWord(rule, trans)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
