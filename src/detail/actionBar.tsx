import { copyIcon, ellipsesIcon, type LabIcon, notebookIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { pageFor } from '../actions/elsewhere';
import type { Environment } from '../api/schemas';
import { ActionButton } from '../ui/actionButton';
import { type MenuEntries, openMenu } from '../ui/reasonMenu';
import { useSignalState } from '../ui/useSignalState';
import { type IWorkbench, standing, useWorkbench } from '../workbench';
import { type Offered, offerOf } from './offered';
import { useCommand } from './useCommand';

/** What an offered action looks like now. */
interface IOfferLook {
  offered: Offered;
  label: string;
  icon: LabIcon;
  allowed: boolean;
  refusal: string | null;
  caption: string | null;
  busy: boolean;
}

/** What can be done with the environment: the next steps as buttons, all else in a menu. */
export function ActionBar({ environment }: { environment: Environment }): JSX.Element {
  const workbench = useWorkbench();
  const { environments, running, trans } = workbench;
  const { me } = useSignalState(environments);
  useSignalState(running);
  const run = useCommand(environment.short_name);
  const bar = React.useRef<HTMLDivElement>(null);
  const { primary: offers, menu } = offerOf(environment, me);
  // Both lead to one page.
  const once = pageFor(environment, 'reject', me) !== null;
  const primary = offers.filter(offered => !(once && offered === 'reject'));
  useKeptFocus(bar);
  const building = environment.status === 'In Progress';
  const look = (offered: Offered) => lookOf(offered, environment, workbench);
  const next = building ? undefined : primary.find(offered => look(offered).allowed);
  const entries = (): MenuEntries =>
    menu.flatMap(group => [
      null,
      ...group.map(look).map(({ allowed, busy, icon, label, offered, refusal }) => ({
        label,
        icon,
        refusal: allowed && !busy ? null : (refusal ?? ''),
        onChoose: () => run(offered)
      }))
    ]);
  return (
    <div
      ref={bar}
      className="jp-DataflowEnvs-actions"
      role="group"
      aria-label={trans.__('Actions')}
    >
      {primary.map(look).map(({ offered, ...rest }) => (
        <ActionButton
          key={offered}
          look={offered === next ? 'accept' : 'plain'}
          onClick={() => run(offered)}
          {...rest}
        />
      ))}
      <ActionButton
        label={trans.__('More actions')}
        icon={ellipsesIcon}
        iconOnly
        menu
        onClick={({ currentTarget }) =>
          openMenu(trans.__('More actions'), entries(), currentTarget)
        }
      />
    </div>
  );
}

function lookOf(offered: Offered, environment: Environment, workbench: IWorkbench): IOfferLook {
  const { running, trans } = workbench;
  const isBusy = (work: Parameters<typeof running.has>[1]) =>
    running.has(environment.short_name, work);
  const always = { offered, allowed: true, refusal: null, caption: null, busy: false };
  switch (offered) {
    case 'new_notebook':
      return {
        ...always,
        label: trans.__('New Notebook'),
        icon: notebookIcon,
        busy: isBusy(offered)
      };
    case 'duplicate':
      return { ...always, label: trans.__('Duplicate'), icon: copyIcon };
    default: {
      const { page, ...rest } = standing(workbench, environment, offered);
      return { offered, ...rest, busy: page === null && isBusy(offered) };
    }
  }
}

/** A button that was used may be gone when its work is done: whoever stood on it then stands on the first one. */
function useKeptFocus(bar: React.RefObject<HTMLElement>): void {
  const held = React.useRef(false);
  React.useEffect(() => {
    const node = bar.current;
    const follow = (event: FocusEvent) => {
      // Of an element that is taken away no browser tells where the focus goes.
      held.current = node !== null && node.contains(event.target as Node);
    };
    document.addEventListener('focusin', follow);
    return () => document.removeEventListener('focusin', follow);
  }, [bar]);
  React.useLayoutEffect(() => {
    if (held.current && document.activeElement === document.body) {
      bar.current?.querySelector('button')?.focus();
    }
  });
}
