import * as React from 'react';

import type { Version } from '../api/schemas';
import { useWorkbench } from '../workbench';

export interface IBuildLogProps {
  shortName: string;
  version: number;
  attempts: Version['attempts'];
  outcome: Version['outcome'];
  reason: string | null;
}

/** The log of one version's build. */
export function BuildLog({ shortName, version, outcome }: IBuildLogProps): JSX.Element {
  const { client } = useWorkbench();
  const [text, setText] = React.useState('');
  React.useEffect(() => {
    let stale = false;
    client.log(shortName, version).then(
      read => !stale && setText(read),
      () => undefined
    );
    return () => {
      stale = true;
    };
  }, [client, shortName, version, outcome]);
  return <pre>{text}</pre>;
}
