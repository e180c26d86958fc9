import * as React from 'react';

import type { Drift, Local } from '../../api/schemas';
import { Blank } from '../../detail/blanks';
import { DiffTable } from '../../ui/diffTable';
import { Ago } from '../../ui/time';
import { useWorkbench } from '../../workbench';

/** What has changed since it was made or copied. */
export function DriftSection(props: { local: Local; drift: Drift | null }): JSX.Element {
  const { local, drift } = props;
  const { trans } = useWorkbench();
  if (drift === null) {
    return (
      <Blank
        lead={trans.__('There is nothing to compare with yet.')}
        text={
          local.status === 'Failed'
            ? trans.__('It could not be made; its log says why.')
            : trans.__('When it is ready, what changes in it from then on is shown here.')
        }
      />
    );
  }
  const { added, changed, copied_from: from, removed, since, unchanged } = drift;
  if (added.length + changed.length + removed.length === 0) {
    return (
      <Blank
        lead={
          from
            ? trans.__(
                'Nothing has changed since it was copied from %1 version %2.',
                from.short_name,
                from.version
              )
            : trans.__('Nothing has changed since it was made.')
        }
        text={trans.__(
          'What is installed, upgraded or removed in it from now on is shown here, with conda as with pip.'
        )}
      />
    );
  }
  return (
    <>
      <p className="jp-DataflowEnvs-tally">
        {from
          ? trans.__('Since it was copied from %1 version %2:', from.short_name, from.version)
          : trans.__('Since it was made:')}{' '}
        <Ago at={since} trans={trans} />
      </p>
      <DiffTable
        diff={{ added, removed, changed, unchanged }}
        label={trans.__('What has changed')}
        trans={trans}
      />
    </>
  );
}
