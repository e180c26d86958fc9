import { Clipboard } from '@jupyterlab/apputils';
import { checkIcon, copyIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import type { Local } from '../../api/schemas';
import { Note } from '../../detail/note';
import { CommandIDs, type LocalSection } from '../../tokens';
import { ActionButton } from '../../ui/actionButton';
import { BuildProgress } from '../../ui/buildProgress';
import { sizeWords } from '../../ui/format';
import { plain } from '../../ui/plain';
import { Ago } from '../../ui/time';
import { useSignalState } from '../../ui/useSignalState';
import { useWorkbench } from '../../workbench';
import { LocalStatusChip } from '../statusChip';
import { kindWords, workWords } from '../words';
import { LocalActions } from './actions';
import type { LocalDetailModel } from './model';

/** Milliseconds for which a button says that it has done its work. */
const DONE = 2000;

/** What the Local environment is, what stands against it, and what can be done with it. */
export function LocalHeader(props: {
  local: Local;
  model: LocalDetailModel;
  onSection: (section: LocalSection) => void;
}): JSX.Element {
  const { local, model, onSection } = props;
  const { commands, trans } = useWorkbench();
  const { copied_from: from, kernel, kind, name, reason, status, work } = local;
  const goesOn = status === 'In Progress';
  return (
    <div className="jp-DataflowEnvs-detailHeader">
      <div className="jp-DataflowEnvs-headline">
        <h1>
          <bdi>{plain(name)}</bdi>
        </h1>
        <span>{trans.__('Local, %1', kindWords(kind, trans))}</span>
        <LocalStatusChip status={status} trans={trans} />
        {kernel !== null && (
          <span
            className="jp-DataflowEnvs-headMark"
            title={trans.__('Its kernel is in your launcher.')}
          >
            {trans.__('Active')}
          </span>
        )}
      </div>
      <dl className="jp-DataflowEnvs-particulars">
        <Fact name={trans.__('Python')}>{plain(local.python_version ?? '—')}</Fact>
        <Fact name={trans.__('Kernel')}>
          {kernel ? (
            <span title={plain(kernel.name)}>
              <bdi>{plain(kernel.display_name)}</bdi>
            </span>
          ) : goesOn ? (
            '—'
          ) : local.has_ipykernel ? (
            trans.__('none')
          ) : (
            trans.__('none, no ipykernel')
          )}
        </Fact>
        <Fact name={trans.__('Size')}>
          <Size model={model} />
        </Fact>
        {from && (
          <Fact name={trans.__('Copied from')}>
            <button
              type="button"
              className="jp-DataflowEnvs-link"
              title={trans.__('Open %1 version %2', plain(from.full_name), from.version)}
              onClick={() =>
                void commands.execute(CommandIDs.open, {
                  shortName: from.short_name,
                  version: from.version
                })
              }
            >
              {`${from.short_name} v${from.version}`}
            </button>
          </Fact>
        )}
        {local.created_at !== null && (
          <Fact name={trans.__('Made')}>
            <Ago at={local.created_at} trans={trans} />
          </Fact>
        )}
        {local.found_by.length > 0 && (
          <Fact name={trans.__('Found by')}>
            <bdi>{plain(local.found_by.join(', '))}</bdi>
          </Fact>
        )}
        <Fact name={trans.__('Prefix')}>
          <Prefix prefix={local.prefix} />
        </Fact>
      </dl>
      {reason !== null && !goesOn && (
        <Note
          look={status === 'Ready' ? 'warn' : 'error'}
          lead={
            work === null
              ? trans.__('It can’t be used')
              : trans.__('%1 failed', workWords(work, trans))
          }
          buttons={
            local.has_log && (
              <ActionButton label={trans.__('Show log')} onClick={() => onSection('log')} />
            )
          }
        >
          {plain(reason)}
        </Note>
      )}
      {goesOn && (
        <div className="jp-DataflowEnvs-build">
          {work && <span>{workWords(work, trans)}</span>}
          <BuildProgress
            environment={{
              short_name: plain(name),
              phase: local.phase ?? 'queued',
              progress: local.progress,
              queue_position: null
            }}
            trans={trans}
          />
        </div>
      )}
      <LocalActions local={local} />
    </div>
  );
}

function Fact(props: { name: string; children: React.ReactNode }): JSX.Element {
  return (
    <div>
      <dt>{props.name}</dt>
      <dd>{props.children}</dd>
    </div>
  );
}

/** Counted when somebody wants to know: that can take seconds. */
function Size({ model }: { model: LocalDetailModel }): JSX.Element {
  const { trans } = useWorkbench();
  const { local, size } = useSignalState(model);
  if (typeof size === 'number') {
    return <>{sizeWords(size, trans)}</>;
  }
  if (local?.status === 'In Progress' || local?.status === 'Failed') {
    return <>—</>;
  }
  return size === 'asked' ? (
    <span role="status">{trans.__('Counting…')}</span>
  ) : (
    <button type="button" className="jp-DataflowEnvs-link" onClick={() => void model.measure()}>
      {trans.__('Count')}
    </button>
  );
}

function Prefix({ prefix }: { prefix: string }): JSX.Element {
  const { trans } = useWorkbench();
  const [copied, setCopied] = React.useState(0);
  React.useEffect(() => {
    const timer = window.setTimeout(() => setCopied(0), DONE);
    return () => window.clearTimeout(timer);
  }, [copied]);
  return (
    <span className="jp-DataflowEnvs-prefix">
      <code className="jp-DataflowEnvs-prefixPath">
        <bdi>{plain(prefix)}</bdi>
      </code>
      <ActionButton
        iconOnly
        icon={copied ? checkIcon : copyIcon}
        label={copied ? trans.__('Copied') : trans.__('Copy the path')}
        onClick={() => {
          Clipboard.copyToSystem(prefix);
          setCopied(performance.now());
        }}
      />
    </span>
  );
}
