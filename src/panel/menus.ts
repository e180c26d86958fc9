import { pageFor } from '../actions/elsewhere';
import type { ActionName } from '../actions/looks';
import type { Environment, VersionSummary } from '../api/schemas';
import { CommandIDs } from '../tokens';
import type { IMenuEntry, MenuEntries } from '../ui/reasonMenu';
import { latestBuilt, versionLine } from '../ui/versionWords';
import type { IWorkbench } from '../workbench';
import { LocalCommandIDs } from '../local/commandIds';

/** Everything that can be done with an environment, by groups. */
export function contextEntries(workbench: IWorkbench, environment: Environment): MenuEntries {
  const { environments } = workbench;
  const { active, draft_active: draftActive, latest_version: latest, status } = environment;
  const { me } = environments.state;
  const isAdmin = me?.is_admin ?? false;
  const isMine = me?.name === environment.owner;
  const command = (id: string, when = true) => ({ id, when });
  const action = (name: ActionName, when = true) => command(CommandIDs.action(name), when);
  const pending = status === 'Pending Approval';
  const groups = [
    [command(CommandIDs.open), command(CommandIDs.newNotebook, active)],
    [
      action('activate', !active || draftActive),
      action('try_draft', isAdmin && !isMine && !draftActive && !active),
      action('deactivate', active)
    ],
    [
      action('edit'),
      action('build', status !== 'In Progress'),
      action('cancel', status === 'In Progress'),
      action('revert', latest !== null && latest > 1)
    ],
    [
      action('submit', !pending),
      action('withdraw', pending && isMine),
      action('approve', pending && isAdmin),
      // Where a page of the service is for both, one entry leads there.
      action('reject', pending && isAdmin && pageFor(environment, 'reject', me) === null)
    ],
    [
      command(CommandIDs.duplicate),
      action('use_as_base'),
      action('copy_to_local'),
      command(CommandIDs.compare, latest !== null && latest > 1)
    ],
    [
      action('deprecate', isAdmin && environment.deprecated === null),
      action('undeprecate', isAdmin && environment.deprecated !== null),
      action('unpublish', isAdmin && environment.published_version !== null),
      action('transfer', isAdmin)
    ],
    [action('delete')]
  ];
  return groups.flatMap(group => [
    null,
    ...group
      .filter(({ when }) => when)
      .map(({ id }) => commandEntry(workbench, id, environment.short_name))
  ]);
}

/** As the command looks for that environment; disabled ones give the server's reason as their caption. */
function commandEntry({ commands }: IWorkbench, id: string, shortName: string): IMenuEntry {
  const args = { shortName };
  const icon = commands.icon(id, args);
  return {
    label: commands.label(id, args),
    icon: typeof icon === 'object' ? (icon as IMenuEntry['icon']) : undefined,
    refusal: commands.isEnabled(id, args) ? null : commands.caption(id, args),
    onChoose: () => void commands.execute(id, args)
  };
}

/** Such as "v3 · Draft · 2 days ago"; the newest first, as the server lists them. */
export function versionEntries(
  { commands, trans }: IWorkbench,
  environment: Environment,
  versions: readonly VersionSummary[]
): MenuEntries {
  const latest = latestBuilt(versions);
  return versions.map(version => ({
    label: versionLine(version, environment, latest, trans),
    chosen: version.number === environment.usable_version,
    onChoose: () =>
      void commands.execute(CommandIDs.open, {
        shortName: environment.short_name,
        version: version.number
      })
  }));
}

/** What the panel itself offers beyond its buttons. */
export function panelEntries({ commands, environments, trans }: IWorkbench): MenuEntries {
  const entry = (id: string, label: string): IMenuEntry => ({
    label,
    icon: commands.icon(id) as IMenuEntry['icon'],
    onChoose: () => void commands.execute(id)
  });
  return [
    entry(CommandIDs.importFile, trans.__('Import…')),
    entry(LocalCommandIDs.create, trans.__('New Local Environment')),
    ...(environments.state.me?.is_admin
      ? [null, entry(CommandIDs.showAdmin, trans.__('Python Environments'))]
      : [])
  ];
}
