import type { ActionName } from '../actions/looks';
import type { Environment, Me } from '../api/schemas';

/** Actions of the server's table, and what only the browser does. */
export type Offered = ActionName | 'new_notebook' | 'duplicate';

export interface IOffer {
  /** Buttons, the one to do next first. */
  primary: readonly Offered[];
  /** All else, as the menu shows it. */
  menu: readonly (readonly Offered[])[];
}

/**
 * What the tab offers, in order, for the status that the environment is in. Whether each is allowed is the server's word;
 * what is for administrators alone is offered to them alone.
 */
export function offerOf(environment: Environment, me: Me | null): IOffer {
  const { active, deprecated, status } = environment;
  const admin = me?.is_admin ?? false;
  const pending = status === 'Pending Approval';
  const primary = primaryOf(environment, me);
  const groups: Offered[][] = [
    [
      ...(active ? (['new_notebook', 'deactivate'] as const) : (['activate'] as const)),
      ...(admin && environment.owner !== me?.name ? (['try_draft'] as const) : [])
    ],
    ['edit', 'duplicate', 'use_as_base', 'copy_to_local'],
    ['build', ...(status === 'In Progress' ? (['cancel'] as const) : []), 'revert'],
    [
      'submit',
      ...(pending ? (['withdraw'] as const) : []),
      ...(pending && admin ? (['approve', 'reject'] as const) : [])
    ],
    admin ? [deprecated ? 'undeprecate' : 'deprecate', 'unpublish', 'transfer'] : [],
    ['delete']
  ];
  const menu = groups
    .map(group => group.filter(offered => !primary.includes(offered)))
    .filter(group => group.length > 0);
  return { primary, menu };
}

function primaryOf(environment: Environment, me: Me | null): Offered[] {
  const { active, modified, owner, status, usable_version: usable } = environment;
  const owned = owner === me?.name;
  const admin = me?.is_admin ?? false;
  const use: Offered = active ? 'new_notebook' : owned || !admin ? 'activate' : 'try_draft';
  switch (status) {
    case 'Saved':
      return ['build', 'edit', 'activate'];
    case 'In Progress':
      return ['cancel', 'edit', ...(active ? (['new_notebook'] as const) : [])];
    case 'Failed':
      return ['edit', 'build', ...(usable === null ? [] : [use])];
    case 'Draft':
      return modified ? ['build', use, 'submit', 'edit'] : [use, 'submit', 'edit', 'build'];
    case 'Pending Approval':
      return [
        ...(admin ? (['approve', 'reject'] as const) : []),
        ...(owned ? (['withdraw'] as const) : []),
        use
      ];
    case 'Published': {
      const start: Offered = active ? 'new_notebook' : 'activate';
      if (!owned && !admin) {
        return [start, 'use_as_base', 'duplicate'];
      }
      return modified ? ['build', start, 'edit'] : [start, 'edit', 'build'];
    }
  }
}
