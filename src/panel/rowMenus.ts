import { showErrorMessage } from '@jupyterlab/apputils';

import type { Environment } from '../api/schemas';
import { openMenu } from '../ui/reasonMenu';
import type { IWorkbench } from '../workbench';
import { contextEntries, versionEntries } from './menus';

/** The menus of rows. */
export interface IRowMenus {
  openContext(
    environment: Environment,
    at: HTMLElement | { x: number; y: number },
    /** What gets the focus when it closes, where that is not a button that has it. */
    back?: Element | null
  ): void;
  /** Its entries are asked for first. */
  openVersions(environment: Environment, at: HTMLElement): void;
}

export function rowMenus(workbench: IWorkbench): IRowMenus {
  const { client, trans } = workbench;
  const openVersions = async (environment: Environment, at: HTMLElement) => {
    const { full_name: fullName, short_name: shortName } = environment;
    at.setAttribute('aria-busy', 'true');
    try {
      const versions = await client.versions(shortName);
      openMenu(
        trans.__('Versions of %1', fullName),
        versionEntries(workbench, environment, versions),
        at
      );
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      await showErrorMessage(trans.__('The versions of %1 could not be read', fullName), message);
    } finally {
      at.removeAttribute('aria-busy');
    }
  };
  return {
    openContext: (environment, at, back) => {
      workbench.current = environment.short_name;
      openMenu(environment.full_name, contextEntries(workbench, environment), at, back);
    },
    openVersions: (environment, at) => void openVersions(environment, at)
  };
}
