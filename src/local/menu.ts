import type { Local } from '../api/schemas';
import { plain } from '../ui/plain';
import { type IMenuEntry, type MenuEntries, openMenu } from '../ui/reasonMenu';
import type { IWorkbench } from '../workbench';
import { LocalCommandIDs } from './commandIds';

/** Everything that can be done with a Local environment, by groups. */
export function openLocalMenu(
  workbench: IWorkbench,
  local: Local,
  at: HTMLElement | { x: number; y: number }
): void {
  workbench.currentLocal = local.id;
  openMenu(plain(local.name), localEntries(workbench, local), at);
}

/** @param shown - whether its tab is open: then it is not offered */
export function localEntries(workbench: IWorkbench, local: Local, shown = false): MenuEntries {
  const { has_ipykernel: hasKernel, kernel, kind, status } = local;
  const localAction = LocalCommandIDs.action;
  const groups: [id: string, when: boolean][][] = [
    [
      [LocalCommandIDs.open, !shown],
      [LocalCommandIDs.newNotebook, kernel !== null]
    ],
    [
      [localAction('register_kernel'), kernel === null && hasKernel],
      [localAction('install_ipykernel'), !hasKernel],
      [localAction('remove_kernel'), kernel !== null]
    ],
    [
      [localAction('copy_to_dataflow'), true],
      [LocalCommandIDs.showLog, local.has_log],
      [localAction('cancel'), status === 'In Progress']
    ],
    [[localAction('delete'), kind === 'made']]
  ];
  return groups.flatMap(group => [
    null,
    ...group.filter(([, when]) => when).map(([id]) => entryOf(workbench, id, local.id))
  ]);
}

/** As the command looks for that environment; disabled ones give the server's reason as their caption. */
function entryOf({ commands }: IWorkbench, command: string, id: string): IMenuEntry {
  const icon = commands.icon(command, { id });
  return {
    label: commands.label(command, { id }),
    icon: typeof icon === 'object' ? (icon as IMenuEntry['icon']) : undefined,
    refusal: commands.isEnabled(command, { id }) ? null : commands.caption(command, { id }),
    onChoose: () => void commands.execute(command, { id })
  };
}
