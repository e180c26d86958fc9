import * as React from 'react';

import type { Local } from '../../api/schemas';
import { Blank, DetailSkeleton, SectionSkeleton } from '../../detail/blanks';
import { BuildLog } from '../../log';
import { CommandIDs, type LocalSection } from '../../tokens';
import { phaseWord } from '../../ui/buildProgress';
import { ErrorNote } from '../../ui/notes';
import { type ITab, TabList } from '../../ui/tabList';
import { plain } from '../../ui/plain';
import { useSignalState } from '../../ui/useSignalState';
import { useWorkbench } from '../../workbench';
import { localStatusWord } from '../words';
import { DriftSection } from './drift';
import { LocalHeader } from './header';
import type { ILocalDetailState, LocalDetailModel } from './model';
import { Packages } from './packages';

/** One Local environment: what it is, what can be done with it, what is in it and what has changed. */
export function LocalDetail(props: {
  model: LocalDetailModel;
  section: LocalSection;
  onSection: (section: LocalSection) => void;
}): JSX.Element {
  const { model, onSection } = props;
  const { commands, trans } = useWorkbench();
  const state = useSignalState(model);
  const id = React.useId();
  const { error, gone, local } = state;
  const failed = error !== null && (
    <ErrorNote
      lead={trans.__('The Local environment could not be read.')}
      error={error}
      onRetry={() => void model.refresh()}
      trans={trans}
    />
  );
  if (gone) {
    return (
      <Blank
        lead={trans.__(
          'There is no Local environment "%1" any more.',
          plain(local?.name ?? model.id)
        )}
        text={trans.__('It was deleted, here or by the tool that made it. Close this tab.')}
        action={trans.__('Show Environments')}
        onAction={() => void commands.execute(CommandIDs.showPanel)}
      />
    );
  }
  if (!local) {
    return failed || <DetailSkeleton />;
  }
  const drift = state.drift;
  const changes = drift
    ? drift.added.length + drift.removed.length + drift.changed.length
    : undefined;
  const tabs: ITab<LocalSection>[] = [
    { key: 'packages', label: trans.__('Packages'), badge: local.package_count ?? undefined },
    ...(local.kind === 'made'
      ? [{ key: 'drift' as const, label: trans.__('Drift'), badge: changes }]
      : []),
    { key: 'log', label: trans.__('Log') }
  ];
  const section = tabs.some(({ key }) => key === props.section) ? props.section : 'packages';
  return (
    <>
      <p className="jp-DataflowEnvs-unseen" role="status">
        {localStatusWord(local.status, trans)}
        {local.phase !== null && ` ${phaseWord(local.phase, trans)}`}
      </p>
      {failed}
      <LocalHeader local={local} model={model} onSection={onSection} />
      <TabList
        id={id}
        label={trans.__('About %1', plain(local.name))}
        tabs={tabs}
        chosen={section}
        onChoose={onSection}
      />
      <div
        id={`${id}-${section}-panel`}
        className={`jp-DataflowEnvs-detailSection jp-mod-${section}`}
        role="tabpanel"
        aria-labelledby={`${id}-${section}`}
      >
        <Shown section={section} local={local} state={state} />
      </div>
    </>
  );
}

function Shown(props: {
  section: LocalSection;
  local: Local;
  state: ILocalDetailState;
}): JSX.Element {
  const { section, local, state } = props;
  const { trans } = useWorkbench();
  if (section === 'log') {
    const { reason, status, work } = local;
    const failed = reason !== null && work !== null;
    return local.has_log || status === 'In Progress' ? (
      <BuildLog
        key={state.works}
        of={{ local: local.id }}
        attempts={[]}
        outcome={status === 'In Progress' ? 'building' : failed ? 'failed' : 'succeeded'}
        reason={failed && status !== 'In Progress' ? reason : null}
      />
    ) : (
      <Blank
        lead={trans.__('Nothing was done with it here.')}
        text={trans.__(
          'What is made, copied or installed here is logged, and shown while it goes on.'
        )}
      />
    );
  }
  if (state.details === null) {
    return state.error === null ? <SectionSkeleton /> : <></>;
  }
  return section === 'drift' ? (
    <DriftSection local={local} drift={state.drift} />
  ) : (
    <Packages local={local} packages={state.details.packages} />
  );
}
