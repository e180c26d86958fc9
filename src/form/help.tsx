import * as React from 'react';

import { useWorkbench } from '../workbench';

/** How a library is written, and where libraries come from. */
export function Help({
  open,
  channels
}: {
  open: boolean;
  channels: readonly string[];
}): JSX.Element {
  const { trans } = useWorkbench();
  const forms: [string, string][] = [
    ['pandas', trans.__('the newest version that fits')],
    ['pandas=2.1', trans.__('a version of this series, such as 2.1.4')],
    ['pandas==2.1.4', trans.__('exactly this version')],
    ['pandas>=2', trans.__('this version or a newer one')],
    ['pandas<=2', trans.__('this version or an older one')],
    ['dask[complete]', trans.__('with extras, here and with any of the above')],
    ['# why', trans.__('a comment')]
  ];
  return (
    <details className="jp-DataflowEnvs-help" open={open}>
      <summary>{trans.__('How to write a library')}</summary>
      <p>{trans.__('One a line. Names and versions are suggested as you type.')}</p>
      <dl>
        {forms.map(([form, meaning]) => (
          <React.Fragment key={form}>
            <dt>
              <code>{form}</code>
            </dt>
            <dd>{meaning}</dd>
          </React.Fragment>
        ))}
      </dl>
      <p>
        {trans.__(
          'With pip, = means the series for one or two numbers (=2.1), and exactly that version for more (=2.1.4, =2.0rc1).'
        )}
      </p>
      <p>
        {trans.__(
          'A whole environment.yml, requirements.txt or conda-lock.yml can be pasted into a box or dropped anywhere here.'
        )}
      </p>
      {channels.length > 0 && (
        <p>{trans.__('Conda libraries come from %1.', channels.join(', '))}</p>
      )}
    </details>
  );
}
