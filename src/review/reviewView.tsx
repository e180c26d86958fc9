import '../../style/review.css';

import * as React from 'react';

import type { ReviewPage } from '../api/schemas';
import { BuildLog } from '../log';
import { CommandIDs } from '../tokens';
import { durationWords, sizeWords } from '../ui/format';
import { ErrorNote, Skeleton } from '../ui/notes';
import { plain } from '../ui/plain';
import { Ago } from '../ui/time';
import { useAnswer } from '../ui/useAnswer';
import { useHappenings } from '../ui/useHappenings';
import { ViolationTable } from '../ui/violationTable';
import { useWorkbench } from '../workbench';
import { Checks } from './checks';
import { DecisionBar } from './decisionBar';
import { Differences } from './differences';
import { NewerPackages } from './newerPackages';
import { ReviewedPackages } from './reviewedPackages';
import { Verdict } from './verdict';

/** What changes what a decision is made on, or makes it. */
const CHANGES = ['review.', 'policy.', 'environment.edited', 'environment.transferred'] as const;

/**
 * All that a decision about a submission is made on, and the decision itself.
 */
export function ReviewView({ id }: { id: string }): JSX.Element {
  const { client, events, trans } = useWorkbench();
  const happened = useHappenings(events, CHANGES);
  const { value: page, error, again } = useAnswer(`${id} ${happened}`, () => client.review(id));
  return (
    <div className="jp-DataflowEnvs-review">
      {error !== null && (
        <ErrorNote
          lead={trans.__('The review could not be read.')}
          error={error}
          onRetry={again}
          trans={trans}
        />
      )}
      {page === null && error === null && <Skeleton trans={trans} />}
      {page !== null && <Page key={page.review.id} page={page} onDecided={again} />}
    </div>
  );
}

function Page({ page, onDecided }: { page: ReviewPage; onDecided: () => void }): JSX.Element {
  const { client, commands, trans } = useWorkbench();
  const { changes, environment, look_alikes, review, reviewed, violations } = page;
  const shortName = review.short_name;
  const {
    value: version,
    error,
    again
  } = useAnswer(`${shortName}@${review.version}`, () => client.version(shortName, review.version));
  const open = () => void commands.execute(CommandIDs.open, { shortName });
  const [problem, setProblem] = React.useState<string | null>(null);
  const verdict = React.useRef<HTMLDivElement>(null);
  const decidedHere = React.useRef(false);
  React.useEffect(() => {
    // The buttons have gone, and the focus with them.
    if (decidedHere.current && review.state !== 'pending') {
      verdict.current?.focus();
    }
  }, [review.state]);
  return (
    <>
      <div className="jp-DataflowEnvs-reviewHead">
        <h2>
          {plain(environment.full_name)}{' '}
          <span className="jp-DataflowEnvs-soft">
            {trans.__('%1, version %2', shortName, review.version)}
          </span>
        </h2>
        <button type="button" className="jp-DataflowEnvs-link" onClick={open}>
          {trans.__('Open Environment')}
        </button>
      </div>
      {problem !== null && (
        <p className="jp-DataflowEnvs-problem" role="alert">
          {problem}
        </p>
      )}
      <div ref={verdict} tabIndex={-1}>
        <Verdict review={review} />
      </div>
      <dl className="jp-DataflowEnvs-factList">
        <Fact name={trans.__('Submitted by')}>{plain(review.submitted_by)}</Fact>
        <Fact name={trans.__('Submitted')}>
          <Ago at={review.submitted_at} trans={trans} />
        </Fact>
        {environment.owner !== review.submitted_by && (
          <Fact name={trans.__('Owner')}>{plain(environment.owner)}</Fact>
        )}
        <Fact name={trans.__('Base Environment')}>
          {reviewed.requested.base
            ? trans.__(
                '%1, version %2',
                reviewed.requested.base.short_name,
                reviewed.requested.base.version
              )
            : trans.__('None')}
        </Fact>
        <Fact name={trans.__('Python')}>{reviewed.python ?? '–'}</Fact>
        <Fact name={trans.__('Size')}>
          {reviewed.size === null ? '–' : sizeWords(reviewed.size, trans)}
        </Fact>
        <Fact name={trans.__('Built in')}>
          {reviewed.duration === null ? '–' : durationWords(reviewed.duration, trans)}
        </Fact>
        <Fact name={trans.__('Digest')}>
          <code title={review.digest}>{review.digest.slice(0, 12)}</code>
        </Fact>
      </dl>
      {environment.description && (
        <p className="jp-DataflowEnvs-prose">{plain(environment.description)}</p>
      )}
      {review.note && (
        <figure className="jp-DataflowEnvs-quote">
          <figcaption>{trans.__('Note of %1', plain(review.submitted_by))}</figcaption>
          <blockquote>{plain(review.note)}</blockquote>
        </figure>
      )}
      <Checks page={page} />
      <div className="jp-DataflowEnvs-reviewGrid">
        {violations.length > 0 && (
          <Card title={trans.__('Policy')} className="jp-mod-wide jp-mod-alarm">
            <ViolationTable violations={violations} label={trans.__('Policy violations')} />
          </Card>
        )}
        {reviewed.warnings.length > 0 && (
          <Card title={trans.__('Broken requirements')} className="jp-mod-wide">
            <ul className="jp-DataflowEnvs-plainList">
              {reviewed.warnings.map(warning => (
                <li key={warning}>{plain(warning)}</li>
              ))}
            </ul>
          </Card>
        )}
        <Card title={trans.__('What Differs')}>
          <Differences
            shortName={shortName}
            version={review.version}
            published={environment.published_version}
            changes={changes}
            lookAlikes={look_alikes}
          />
        </Card>
        <Card title={trans.__('Libraries')}>
          {version !== null && <ReviewedPackages packages={version.packages} />}
          {version === null && error === null && <Skeleton trans={trans} />}
          {error !== null && (
            <ErrorNote
              lead={trans.__('The libraries could not be read.')}
              error={error}
              onRetry={again}
              trans={trans}
            />
          )}
        </Card>
        <Card title={trans.__('Newer Versions')} className="jp-mod-wide">
          <NewerPackages shortName={shortName} version={review.version} />
        </Card>
        <Fold title={trans.__('Build Log')}>
          <BuildLog
            of={{ shortName, version: review.version }}
            attempts={version?.attempts ?? []}
            outcome={reviewed.outcome}
            reason={reviewed.reason}
          />
        </Fold>
      </div>
      {review.state === 'pending' && (
        <DecisionBar
          page={page}
          onDecided={refused => {
            decidedHere.current = true;
            setProblem(refused);
            onDecided();
          }}
        />
      )}
    </>
  );
}

function Fact({ name, children }: { name: string; children: React.ReactNode }): JSX.Element {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Card(props: {
  title: string;
  className?: string;
  children: React.ReactNode;
}): JSX.Element {
  const id = React.useId();
  return (
    <section className={`jp-DataflowEnvs-card ${props.className ?? ''}`} aria-labelledby={id}>
      <h3 id={id}>{props.title}</h3>
      {props.children}
    </section>
  );
}

/** Its content is fetched when somebody wants to see it. */
function Fold({ title, children }: { title: string; children: React.ReactNode }): JSX.Element {
  const [open, setOpen] = React.useState(false);
  return (
    <details
      className="jp-DataflowEnvs-card jp-mod-wide"
      onToggle={event => setOpen(event.currentTarget.open)}
    >
      <summary>
        <h3>{title}</h3>
      </summary>
      {open && <div className="jp-DataflowEnvs-logBox">{children}</div>}
    </details>
  );
}
