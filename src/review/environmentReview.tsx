import * as React from 'react';

import type { ActionName } from '../actions/looks';
import type { Environment } from '../api/schemas';
import { CommandIDs } from '../tokens';
import { ActionButton } from '../ui/actionButton';
import { plain } from '../ui/plain';
import { useSignalState } from '../ui/useSignalState';
import { decisionOf, useWorkbench } from '../workbench';
import { ReviewHistory } from './reviewHistory';
import { ReviewView } from './reviewView';
import { Verdict } from './verdict';

/**
 * How far the publishing of an environment is: for its owner what was decided and what to do next, for administrators the
 * review itself.
 */
export function EnvironmentReview({ environment }: { environment: Environment }): JSX.Element {
  const { environments, trans } = useWorkbench();
  const { me } = useSignalState(environments);
  const { review, short_name: shortName } = environment;
  const mine = me !== null && me.name === environment.owner;
  const admin = me?.is_admin ?? false;
  if (!mine && !admin) {
    return (
      <p className="jp-DataflowEnvs-soft jp-DataflowEnvs-review">
        {trans.__('Only its owner and administrators see how it was reviewed.')}
      </p>
    );
  }
  return (
    <>
      {(mine || review === null) && <NextStep environment={environment} />}
      {admin && review !== null && <ReviewView key={review.id} id={review.id} />}
      {review !== null && (
        <ReviewHistory
          key={shortName}
          shortName={shortName}
          latest={`${review.id} ${review.state}`}
        />
      )}
    </>
  );
}

/** What the owner reads and can do, by the state of the latest review. */
function NextStep({ environment }: { environment: Environment }): JSX.Element {
  const { trans } = useWorkbench();
  const { published_version: published, review } = environment;
  const state = review?.state ?? null;
  let lead: string;
  let actions: ActionName[];
  if (review !== null && state === 'pending') {
    lead = trans.__(
      'Version %1 waits for an administrator. Until the decision it can’t be edited or built.',
      review.version
    );
    actions = ['withdraw'];
  } else if (review !== null && state === 'rejected') {
    lead = trans.__(
      'Version %1 was rejected. Edit and build it, or submit it again as it is.',
      review.version
    );
    actions = ['edit', 'submit'];
  } else if (published !== null) {
    lead = trans.__('Version %1 is published: everybody can use it.', published);
    actions = ['edit', 'submit'];
  } else {
    lead = trans.__('Only you can use it. Submit it for everybody to use it once it is approved.');
    actions = ['submit'];
  }
  return (
    <section className="jp-DataflowEnvs-review" aria-label={trans.__('Publishing')}>
      {review !== null && state !== 'withdrawn' && <Verdict review={review} />}
      <p className="jp-DataflowEnvs-prose">{lead}</p>
      {review?.note && (
        <figure className="jp-DataflowEnvs-quote">
          <figcaption>{trans.__('Your note')}</figcaption>
          <blockquote>{plain(review.note)}</blockquote>
        </figure>
      )}
      <div className="jp-DataflowEnvs-buttons">
        {actions.map(action => (
          <Step key={action} action={action} environment={environment} />
        ))}
      </div>
    </section>
  );
}

function Step(props: { action: ActionName; environment: Environment }): JSX.Element {
  const { action, environment } = props;
  const { commands, looks } = useWorkbench();
  const { allowed, reason } = decisionOf(environment, action);
  return (
    <ActionButton
      label={looks[action].label}
      icon={looks[action].icon}
      look={action === 'submit' ? 'accept' : 'plain'}
      allowed={allowed}
      refusal={reason}
      onClick={() =>
        void commands.execute(CommandIDs.action(action), { shortName: environment.short_name })
      }
    />
  );
}
