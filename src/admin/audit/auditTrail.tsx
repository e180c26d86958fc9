import { downloadIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import type { HappenedEvent } from '../../api/schemas';
import { CommandIDs } from '../../tokens';
import { ActionButton } from '../../ui/actionButton';
import { ColumnHeads } from '../../ui/columnHeads';
import { momentWords } from '../../ui/format';
import { ErrorNote, explanation, Skeleton } from '../../ui/notes';
import { plain } from '../../ui/plain';
import { Ago } from '../../ui/time';
import { useSignalState } from '../../ui/useSignalState';
import { useWorkbench } from '../../workbench';
import { AuditFile, type AuditFormat } from './auditExport';
import { AuditFilters } from './auditFilters';
import { AuditModel, EVERYTHING } from './auditModel';
import { detailsOf } from './details';
import { kindWord } from './kinds';

/** Who did what, newest first. */
export function AuditTrail(): JSX.Element | null {
  const { client, events } = useWorkbench();
  const [model, setModel] = React.useState<AuditModel | null>(null);
  React.useEffect(() => {
    const made = new AuditModel(client, events);
    setModel(made);
    void made.read();
    return () => made.dispose();
  }, [client, events]);
  return model && <Trail model={model} />;
}

function Trail({ model }: { model: AuditModel }): JSX.Element {
  const { trans } = useWorkbench();
  const { events, held, hasMore, error, filter, reading } = useSignalState(model);
  const frame = React.useRef<HTMLDivElement>(null);
  React.useEffect(() => {
    const scroller = frame.current?.closest('.jp-DataflowEnvs-adminPanel');
    const look = () => {
      model.scrolled = (scroller?.scrollTop ?? 0) > 0;
    };
    scroller?.addEventListener('scroll', look, { passive: true });
    return () => scroller?.removeEventListener('scroll', look);
  }, [model]);
  const toTop = () => {
    model.release();
    frame.current?.closest('.jp-DataflowEnvs-adminPanel')?.scrollTo({ top: 0 });
  };
  return (
    <div ref={frame} className="jp-DataflowEnvs-audit">
      <AuditFilters filter={filter} onChange={changed => void model.choose(changed)} />
      <AuditDownload model={model} />
      {error !== null && (
        <ErrorNote
          lead={trans.__('The audit trail could not be read.')}
          error={error}
          onRetry={() => void model.read()}
          trans={trans}
        />
      )}
      {held.length > 0 && (
        <button type="button" className="jp-mod-styled jp-DataflowEnvs-held" onClick={toTop}>
          {trans._n('↑ %1 new event', '↑ %1 new events', held.length)}
        </button>
      )}
      {events === null && error === null && <Skeleton trans={trans} />}
      {events?.length === 0 && (
        <div className="jp-DataflowEnvs-message" role="status">
          <p className="jp-DataflowEnvs-lead">{trans.__('Nothing like that has happened.')}</p>
          <button
            type="button"
            className="jp-mod-styled"
            onClick={() => void model.choose(EVERYTHING)}
          >
            {trans.__('Show Everything')}
          </button>
        </div>
      )}
      {events !== null && events.length > 0 && (
        <table
          className="jp-DataflowEnvs-table jp-DataflowEnvs-trail"
          aria-label={trans.__('Audit trail')}
          aria-busy={reading}
        >
          <ColumnHeads
            of={[
              trans.__('Time'),
              trans.__('What'),
              trans.__('Environment'),
              trans.__('Who'),
              trans.__('Details')
            ]}
          />
          <tbody>
            {events.map(event => (
              <Row key={event.seq} event={event} />
            ))}
          </tbody>
        </table>
      )}
      {hasMore && (
        <button
          type="button"
          className="jp-mod-styled jp-DataflowEnvs-moreRows"
          aria-disabled={reading}
          onClick={() => void model.more()}
        >
          {trans.__('Load More')}
        </button>
      )}
    </div>
  );
}

const Row = React.memo(EventRow);

function EventRow({ event }: { event: HappenedEvent }): JSX.Element {
  const { commands, trans } = useWorkbench();
  const { short_name: shortName, version } = event;
  return (
    <tr>
      <td>
        <Ago at={event.at} trans={trans} />
        <span className="jp-DataflowEnvs-under jp-DataflowEnvs-soft">{momentWords(event.at)}</span>
      </td>
      <td title={event.kind}>{kindWord(event.kind, trans)}</td>
      <td>
        {shortName !== null && (
          <button
            type="button"
            className="jp-DataflowEnvs-link"
            onClick={() => void commands.execute(CommandIDs.open, { shortName })}
          >
            {shortName}
          </button>
        )}
        {version !== null && (
          <span className="jp-DataflowEnvs-soft"> {trans.__('version %1', version)}</span>
        )}
      </td>
      <td>{event.actor === null ? '' : plain(event.actor)}</td>
      <td>
        <dl className="jp-DataflowEnvs-details">
          {detailsOf(event, trans).map(({ name, value, whole }) => (
            <div key={name}>
              <dt>{plain(name)}</dt>
              <dd title={whole}>{plain(value)}</dd>
            </div>
          ))}
        </dl>
      </td>
    </tr>
  );
}

function AuditDownload({ model }: { model: AuditModel }): JSX.Element {
  const { trans } = useWorkbench();
  const [progress, setProgress] = React.useState<string | null>(null);
  const [busy, setBusy] = React.useState(false);
  const save = async (format: AuditFormat) => {
    setBusy(true);
    try {
      const file = new AuditFile(format);
      for await (const events of model.all()) {
        file.add(events);
        setProgress(trans._n('%1 event…', '%1 events…', file.count));
      }
      file.download();
      setProgress(trans._n('%1 event downloaded', '%1 events downloaded', file.count));
    } catch (error) {
      setProgress(explanation(error, trans));
    }
    setBusy(false);
  };
  return (
    <div className="jp-DataflowEnvs-buttons">
      <ActionButton
        label={trans.__('Download as JSON Lines')}
        icon={downloadIcon}
        busy={busy}
        onClick={() => void save('jsonl')}
      />
      <ActionButton
        label={trans.__('Download as CSV')}
        icon={downloadIcon}
        busy={busy}
        onClick={() => void save('csv')}
      />
      <span role="status" className="jp-DataflowEnvs-soft">
        {progress}
      </span>
    </div>
  );
}
