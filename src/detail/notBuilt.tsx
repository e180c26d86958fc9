import * as React from 'react';

import type { Environment } from '../api/schemas';
import { decisionOf, useWorkbench } from '../workbench';
import { Blank } from './blanks';
import { useCommand } from './useCommand';

/** Where something would be if the environment had been built. */
export function NotBuilt(props: { environment: Environment; text: string }): JSX.Element {
  const { environment, text } = props;
  const { looks, trans } = useWorkbench();
  const run = useCommand(environment.short_name);
  const { allowed, reason } = decisionOf(environment, 'build');
  return (
    <Blank
      lead={trans.__('Nothing was built yet.')}
      text={text}
      action={looks.build.label}
      allowed={allowed}
      refusal={reason}
      onAction={() => run('build')}
    />
  );
}
