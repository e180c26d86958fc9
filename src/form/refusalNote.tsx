import * as React from 'react';

import { ApiError } from '../api/client';
import { explanation } from '../ui/notes';
import { useWorkbench } from '../workbench';
import { plain } from '../ui/plain';

interface IViolation {
  package: string;
  version: string;
  rule: string;
  reason: string;
}

/** What the server refused where no single field is to blame: a policy, a quota, a conflict of libraries, an outage. */
export function RefusalNote(props: {
  lead: string;
  error: unknown;
  children?: React.ReactNode;
}): JSX.Element {
  const { children, error, lead } = props;
  const { trans } = useWorkbench();
  const violations = violationsOf(error);
  return (
    <div className="jp-DataflowEnvs-formNote jp-mod-error" role="alert">
      <p className="jp-DataflowEnvs-lead">{lead}</p>
      {violations.length === 0 && <p>{plain(explanation(error, trans))}</p>}
      {violations.length > 0 && (
        <table
          className="jp-DataflowEnvs-table"
          aria-label={trans.__('What this deployment does not allow')}
        >
          <thead>
            <tr>
              <th scope="col">{trans.__('Library')}</th>
              <th scope="col">{trans.__('Reason')}</th>
              <th scope="col">{trans.__('Rule')}</th>
            </tr>
          </thead>
          <tbody>
            {violations.map(({ package: name, version, rule, reason }) => (
              <tr key={`${name} ${version} ${rule}`}>
                <th scope="row">{`${name} ${version}`.trimEnd()}</th>
                <td>{plain(reason)}</td>
                <td>{rule}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <Explanation error={error} />
      {children}
    </div>
  );
}

/** The lines that explain a conflict: from each requirement down to where it fails. */
function Explanation({ error }: { error: unknown }): JSX.Element | null {
  const { trans } = useWorkbench();
  const details = error instanceof ApiError ? error.more.details : undefined;
  if (typeof details !== 'string' || !details.trim()) {
    return null;
  }
  return (
    <ul className="jp-DataflowEnvs-explanation" aria-label={trans.__('Explanation')}>
      {details
        .split('\n')
        .filter(line => line.trim())
        .map((line, index) => (
          <li key={index}>{plain(line)}</li>
        ))}
    </ul>
  );
}

function violationsOf(error: unknown): readonly IViolation[] {
  const violations = error instanceof ApiError ? error.more.violations : undefined;
  return Array.isArray(violations) ? (violations as IViolation[]) : [];
}
