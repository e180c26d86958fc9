import { type ISessionContext, SessionContextDialogs } from '@jupyterlab/apputils';
import type { ITranslator, TranslationBundle } from '@jupyterlab/translation';

import type { Environment } from '../api/schemas';
import { dataflowKernelOf, groupOf, kernelNameOf, localKernelOf } from './spec';

/** What somebody chooses in the kernel picker; `null`: no kernel. */
export type Choice = { name: string } | { id: string } | { activate: string } | null;

export interface IOption {
  text: string;
  title?: string;
  selected: boolean;
  /** Also found by what is in here. */
  terms: string;
  choice: Choice;
}

export interface IGroup {
  label: string;
  options: IOption[];
}

/**
 * What the kernel picker offers: Dataflow Environments, Local Environments, then JupyterLab's own groups without what
 * stands in these.
 *
 * @param offered - environments that the person could activate
 */
export function kernelGroups(
  context: ISessionContext,
  offered: readonly Environment[],
  translator: ITranslator,
  trans: TranslationBundle
): { groups: IGroup[]; disabled: boolean } {
  const { groups, disabled } = SessionContextDialogs.kernelOptions(context, translator);
  const kernelspecs = context.specsManager.specs?.kernelspecs ?? {};
  const dataflow: IGroup = { label: trans.__('Dataflow Environments'), options: [] };
  const local: IGroup = { label: trans.__('Local Environments'), options: [] };
  const others: IGroup[] = [];
  for (const { label, options } of groups) {
    const rest: IOption[] = [];
    for (const { text, title, selected, value } of options) {
      const choice = JSON.parse(value) as Choice;
      const option = { text, title, selected: Boolean(selected), terms: text, choice };
      const spec = choice && 'name' in choice ? kernelspecs[choice.name] : undefined;
      const kernel = dataflowKernelOf(spec);
      const group = groupOf(spec);
      if (kernel) {
        const { fullName, shortName, version } = kernel;
        dataflow.options.push({
          ...option,
          text:
            version === null
              ? trans.__('%1 (%2)', fullName, shortName)
              : trans.__('%1 (%2, v%3)', fullName, shortName, version)
        });
      } else if (group === 'local') {
        // Under that heading its own name is enough.
        local.options.push({ ...option, text: localKernelOf(spec)?.name ?? text });
      } else {
        rest.push(option);
      }
    }
    if (rest.length > 0) {
      others.push({ label, options: rest });
    }
  }
  if (!disabled) {
    dataflow.options.push(...offered.map(environment => offer(environment, trans)));
  }
  return {
    groups: [dataflow, local, ...others].filter(({ options }) => options.length > 0),
    disabled: Boolean(disabled)
  };
}

/** Whether the person could have this environment as a kernel but has not. */
export function isOffered(environment: Environment, context: ISessionContext): boolean {
  return (
    !environment.active &&
    environment.actions['activate']?.allowed === true &&
    context.specsManager.specs?.kernelspecs[kernelNameOf(environment.short_name)] === undefined
  );
}

function offer(environment: Environment, trans: TranslationBundle): IOption {
  const { full_name: fullName, short_name: shortName, usable_version: version } = environment;
  const named = trans.__('%1 (%2)', fullName, shortName);
  return {
    text: trans.__('Activate and start: %1', named),
    title: trans.__('Version %1, %2, by %3', version ?? '', environment.status, environment.owner),
    selected: false,
    terms: named,
    choice: { activate: shortName }
  };
}

/** The groups with what the words name, each as a whole or in part; what is selected stays. */
export function filterGroups(groups: readonly IGroup[], words: string): IGroup[] {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  return groups
    .map(({ label, options }) => ({
      label,
      options: options.filter(({ terms }) => {
        const text = terms.toLowerCase();
        return wanted.every(word => text.includes(word));
      })
    }))
    .filter(({ options }) => options.length > 0);
}
