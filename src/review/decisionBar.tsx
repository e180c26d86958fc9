import * as React from 'react';

import { linkIcon } from '@jupyterlab/ui-components';
import { elsewhereLabel, openPage, pageFor, reviewPage } from '../actions/elsewhere';
import { ApiError } from '../api/client';
import type { ReviewPage } from '../api/schemas';
import { CommandIDs } from '../tokens';
import { ActionButton } from '../ui/actionButton';
import { momentWords } from '../ui/format';
import { explanation } from '../ui/notes';
import { plain } from '../ui/plain';
import { useKeptText } from '../ui/useKeptText';
import { useSignalState } from '../ui/useSignalState';
import { decisionOf, useWorkbench } from '../workbench';

/**
 * Approve or reject what was looked at: the decision names the review and its digest. It stays in sight however long the
 * page is.
 */
export function DecisionBar(props: {
  page: ReviewPage;
  /** Called after the server's answer: with why it was refused, or `null` when it was done. */
  onDecided: (problem: string | null) => void;
}): JSX.Element {
  const { page, onDecided } = props;
  const { environment, review, violations } = page;
  const { client, commands, environments, looks, trans } = useWorkbench();
  const { me } = useSignalState(environments);
  const [comment, setComment] = useKeptText(`review:${review.id}`);
  const [busy, setBusy] = React.useState<'approve' | 'reject' | null>(null);
  const [approving, rejecting, trying] = (['approve', 'reject', 'try_draft'] as const).map(action =>
    decisionOf(environment, action)
  );
  const hint = React.useId();

  const decide = async (decision: 'approve' | 'reject') => {
    setBusy(decision);
    let problem: string | null = null;
    try {
      await client[decision](review, comment.trim());
      setComment('');
    } catch (error) {
      problem = tooLate(error) ?? explanation(error, trans);
    }
    setBusy(null);
    // Refused or not: what is shown may have changed.
    environments.read(review.short_name, true).catch(() => undefined);
    onDecided(problem);
  };
  const tooLate = (error: unknown): string | null => {
    if (!(error instanceof ApiError) || typeof error.more.decided_by !== 'string') {
      return null;
    }
    const who = plain(error.more.decided_by);
    const when = momentWords(String(error.more.decided_at));
    switch (error.more.decision) {
      case 'approved':
        return trans.__('%1 approved it on %2: the first decision stands.', who, when);
      case 'rejected':
        return trans.__('%1 rejected it on %2: the first decision stands.', who, when);
      default:
        return trans.__('%1 withdrew it on %2.', who, when);
    }
  };

  const forbidden =
    violations.length > 0 ? trans.__('The policy does not allow it: see above.') : null;
  const silent = comment.trim() === '' ? trans.__('Say why: the owner reads it.') : null;
  const elsewhere = pageFor(environment, 'approve', me) === null ? null : reviewPage(review.id, me);
  const nobody = !approving.allowed && !rejecting.allowed;
  return (
    <section className="jp-DataflowEnvs-decision" aria-label={trans.__('Decision')}>
      {nobody && approving.reason && <p className="jp-DataflowEnvs-soft">{approving.reason}</p>}
      <div className="jp-DataflowEnvs-decisionRow">
        {!nobody && (
          <div className="jp-DataflowEnvs-comment">
            <label htmlFor={`${hint}-comment`}>{trans.__('Comment')}</label>
            <textarea
              id={`${hint}-comment`}
              className="jp-mod-styled"
              rows={2}
              maxLength={2000}
              aria-describedby={hint}
              value={comment}
              onChange={event => setComment(event.target.value)}
            />
            <small id={hint}>
              {trans.__('%1 reads it. To reject, say why.', plain(review.submitted_by))}
            </small>
          </div>
        )}
        <div className="jp-DataflowEnvs-buttons">
          {elsewhere !== null ? (
            <ActionButton
              label={elsewhereLabel('approve', looks.approve.label, trans)}
              icon={linkIcon}
              look="accept"
              caption={approving.reason}
              onClick={() => openPage(elsewhere)}
            />
          ) : (
            <>
              <ActionButton
                label={looks.approve.label}
                icon={looks.approve.icon}
                look="accept"
                allowed={approving.allowed && forbidden === null}
                refusal={approving.allowed ? forbidden : approving.reason}
                busy={busy !== null}
                onClick={() => void decide('approve')}
              />
              <ActionButton
                label={looks.reject.label}
                icon={looks.reject.icon}
                look="warn"
                allowed={rejecting.allowed && silent === null}
                refusal={rejecting.allowed ? silent : rejecting.reason}
                busy={busy !== null}
                onClick={() => void decide('reject')}
              />
            </>
          )}
          <ActionButton
            label={looks.try_draft.label}
            icon={looks.try_draft.icon}
            allowed={trying.allowed}
            refusal={trying.reason}
            onClick={() =>
              void commands.execute(CommandIDs.action('try_draft'), {
                shortName: review.short_name
              })
            }
          />
        </div>
      </div>
    </section>
  );
}
