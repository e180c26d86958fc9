import * as React from 'react';

import { ApiError } from '../api/client';
import type { ReviewPage } from '../api/schemas';
import { explanation } from '../ui/notes';
import { plain } from '../ui/plain';
import { ViolationTable } from '../ui/violationTable';
import { useWorkbench } from '../workbench';

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
        <ViolationTable
          violations={violations}
          label={trans.__('What this deployment does not allow')}
        />
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

function violationsOf(error: unknown): ReviewPage['violations'] {
  const violations = error instanceof ApiError ? error.more.violations : undefined;
  return Array.isArray(violations) ? (violations as ReviewPage['violations']) : [];
}
