import * as React from 'react';

import type { Environment } from '../api/schemas';
import { BuildLog } from '../log';
import { EnvironmentReview } from '../review';
import type { Section } from '../tokens';
import { phaseWord } from '../ui/buildProgress';
import { ErrorNote } from '../ui/notes';
import { statusWord } from '../ui/statusChip';
import { type ITab, TabList } from '../ui/tabList';
import { useSignalState } from '../ui/useSignalState';
import { useWorkbench } from '../workbench';
import { DetailSkeleton, Gone, SectionSkeleton } from './blanks';
import { ExportSection } from './exportSection';
import { Header } from './header';
import { Libraries } from './libraries';
import type { DetailModel, IDetailState } from './model';
import { NotBuilt } from './notBuilt';
import { VersionsSection } from './versionsSection';

/** One environment: what it is, what can be done with it, and what is in it. */
export function Detail(props: {
  model: DetailModel;
  section: Section;
  onSection: (section: Section) => void;
}): JSX.Element {
  const { model, section, onSection } = props;
  const { trans } = useWorkbench();
  const state = useSignalState(model);
  const id = React.useId();
  const { environment, error, gone } = state;
  const failed = error !== null && (
    <ErrorNote
      lead={trans.__('The environment could not be read.')}
      error={error}
      onRetry={() => void model.refresh()}
      trans={trans}
    />
  );
  if (gone) {
    return <Gone shortName={model.shortName} />;
  }
  if (!environment) {
    return failed || <DetailSkeleton />;
  }
  const pending = environment.review?.state === 'pending';
  const tabs: readonly ITab<Section>[] = [
    { key: 'libraries', label: trans.__('Libraries') },
    { key: 'log', label: trans.__('Build log') },
    { key: 'versions', label: trans.__('Versions'), badge: state.versions?.length },
    { key: 'review', label: trans.__('Review'), badge: pending ? 1 : 0 },
    { key: 'export', label: trans.__('Export') }
  ];
  return (
    <>
      <Told environment={environment} />
      {failed}
      <Header
        environment={environment}
        state={state}
        onVersion={number => model.choose(number)}
        onSection={onSection}
      />
      <TabList
        id={id}
        label={trans.__('About %1', environment.full_name)}
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
        <Shown section={section} environment={environment} state={state} model={model} />
      </div>
    </>
  );
}

function Shown(props: {
  section: Section;
  environment: Environment;
  state: IDetailState;
  model: DetailModel;
}): JSX.Element {
  const { section, environment, state, model } = props;
  const { trans } = useWorkbench();
  const { error, number, version } = state;
  if (section === 'review') {
    return <EnvironmentReview environment={environment} />;
  }
  if (section === 'versions') {
    return (
      <VersionsSection
        environment={environment}
        versions={state.versions}
        shown={number}
        onShow={shown => model.choose(shown)}
      />
    );
  }
  if (number !== null && version === null) {
    return error === null ? <SectionSkeleton /> : <></>;
  }
  switch (section) {
    case 'libraries':
      return (
        <Libraries
          key={number}
          environment={environment}
          version={version}
          onVersion={shown => model.choose(shown)}
        />
      );
    case 'log':
      return version ? (
        <BuildLog
          key={version.number}
          of={{ shortName: environment.short_name, version: version.number }}
          attempts={version.attempts}
          outcome={version.outcome}
          reason={version.reason}
        />
      ) : (
        <NotBuilt
          environment={environment}
          text={trans.__('The log of the build is shown here, while it is written and afterwards.')}
        />
      );
    case 'export':
      return <ExportSection key={number} environment={environment} version={version} />;
  }
}

/** For those who hear the page: the status, and the phase of a build. */
function Told({ environment }: { environment: Environment }): JSX.Element {
  const { trans } = useWorkbench();
  const { phase, status } = environment;
  return (
    <p className="jp-DataflowEnvs-unseen" role="status">
      {statusWord(status, trans)}
      {phase !== null && ` ${phaseWord(phase, trans)}`}
    </p>
  );
}
