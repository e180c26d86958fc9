import * as React from 'react';

import type { ReviewPage } from '../api/schemas';
import { diffWords } from '../ui/diffTable';
import { useWorkbench } from '../workbench';

/** What a reviewer wants to know first: whether anything speaks against it, and what is new. */
export function Checks({ page }: { page: ReviewPage }): JSX.Element {
  const { trans } = useWorkbench();
  const { changes, environment, reviewed, violations } = page;
  const broken = reviewed.warnings.length;
  return (
    <ul className="jp-DataflowEnvs-checks" aria-label={trans.__('At a glance')}>
      {violations.length === 0 ? (
        <li className="jp-mod-good">{trans.__('Follows the policy')}</li>
      ) : (
        <li className="jp-mod-bad">
          {trans._n('%1 policy violation', '%1 policy violations', violations.length)}
        </li>
      )}
      {broken === 0 ? (
        <li className="jp-mod-good">{trans.__('All requirements fit')}</li>
      ) : (
        <li className="jp-mod-warn">
          {trans._n('%1 broken requirement', '%1 broken requirements', broken)}
        </li>
      )}
      {changes === null ? (
        <li>{trans.__('Never published before')}</li>
      ) : (
        <li>
          {trans.__(
            'Since version %1: %2',
            environment.published_version ?? '',
            diffWords(changes, trans)
          )}
        </li>
      )}
    </ul>
  );
}
