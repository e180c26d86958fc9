import '../../style/ui.css';

import * as React from 'react';

import type { IEnvironmentArgs } from '../tokens';
import { StatusChip } from '../ui/statusChip';
import { useSignalState } from '../ui/useSignalState';
import { View } from '../ui/view';
import { type IWorkbench, useWorkbench } from '../workbench';

export type IDetailArgs = IEnvironmentArgs & { shortName: string };

/** The tab of one environment. */
export function createDetail(workbench: IWorkbench, args: IDetailArgs): View<IDetailArgs> {
  void workbench.environments.ensure();
  return new DetailView(workbench, args);
}

class DetailView extends View<IDetailArgs> {
  protected draw({ shortName }: IDetailArgs): JSX.Element {
    return <Detail shortName={shortName} />;
  }
}

function Detail({ shortName }: { shortName: string }): JSX.Element | null {
  const { environments, trans } = useWorkbench();
  useSignalState(environments);
  const environment = environments.find(shortName);
  return environment ? (
    <h1>
      {environment.full_name} <StatusChip status={environment.status} trans={trans} />
    </h1>
  ) : null;
}
