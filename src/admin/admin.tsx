import { lockIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { ErrorNote, Skeleton } from '../ui/notes';
import { TabList } from '../ui/tabList';
import { useAnswer } from '../ui/useAnswer';
import { useSignalState } from '../ui/useSignalState';
import { useWorkbench } from '../workbench';
import { AuditTrail } from './audit/auditTrail';
import type { IAdminArgs } from './index';
import { Pending } from './pending';
import type { PolicyDraft } from './policy/policyDraft';
import { PolicyEditor } from './policy/policyEditor';
import { Published } from './published/published';
import { SECTIONS, sectionOf, sectionWord } from './sections';
import { usePendingReviews } from './usePendingReviews';

export interface IAdminProps {
  args: IAdminArgs;
  policy: PolicyDraft;
  /** Something else is to be shown from now on. */
  onShow: (args: IAdminArgs) => void;
}

/** The administrators' tab; who is none is told so. */
export function Admin(props: IAdminProps): JSX.Element {
  const workbench = useWorkbench();
  const { trans } = workbench;
  const { value: me, error, again } = useAnswer('me', () => workbench.me());
  if (error !== null) {
    return (
      <ErrorNote
        lead={trans.__('It is not known who you are.')}
        error={error}
        onRetry={again}
        trans={trans}
      />
    );
  }
  if (me === null) {
    return <Skeleton trans={trans} />;
  }
  return me.is_admin ? (
    <Sections {...props} />
  ) : (
    <div className="jp-DataflowEnvs-message">
      <lockIcon.react tag="span" className="jp-DataflowEnvs-emblem" />
      <h1 className="jp-DataflowEnvs-lead">{trans.__('Only administrators can see this.')}</h1>
      <p>
        {trans.__(
          'You are logged in as %1. Reviews, policy and audit trail are the administrators’; ask one of them to name you in the deployment’s configuration if you should be one.',
          me.name
        )}
      </p>
    </div>
  );
}

function Sections({ args, policy, onShow }: IAdminProps): JSX.Element {
  const { trans } = useWorkbench();
  const pending = usePendingReviews();
  const { changed } = useSignalState(policy);
  const id = React.useId();
  const chosen = sectionOf(args.section);
  const tabs = SECTIONS.map(key => ({
    key,
    label:
      key === 'policy' && changed
        ? trans.__('%1 (changed)', sectionWord(key, trans))
        : sectionWord(key, trans),
    badge: key === 'pending' ? pending.value?.length : undefined
  }));
  return (
    <>
      <h1 className="jp-DataflowEnvs-adminTitle">{trans.__('Python Environments')}</h1>
      <TabList
        id={id}
        label={trans.__('Administration')}
        tabs={tabs}
        chosen={chosen}
        onChoose={section => onShow({ section })}
      />
      <div
        key={chosen}
        id={`${id}-${chosen}-panel`}
        className="jp-DataflowEnvs-adminPanel"
        role="tabpanel"
        aria-labelledby={`${id}-${chosen}`}
        tabIndex={0}
      >
        {chosen === 'pending' && (
          <Pending
            reviews={pending}
            review={args.review ?? null}
            onChoose={review =>
              onShow(review === null ? { section: chosen } : { section: chosen, review })
            }
          />
        )}
        {chosen === 'published' && <Published />}
        {chosen === 'policy' && <PolicyEditor draft={policy} />}
        {chosen === 'audit' && <AuditTrail />}
      </div>
    </>
  );
}
