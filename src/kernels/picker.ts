import '../../style/kernels.css';

import { Dialog, type ISessionContext, showErrorMessage } from '@jupyterlab/apputils';
import type { ITranslator } from '@jupyterlab/translation';
import { Widget } from '@lumino/widgets';

import { activate } from '../actions/activate';
import { ApiError } from '../api/client';
import type { Environment } from '../api/schemas';
import type { IDataflowEnvironments } from '../tokens';
import type { SelectKernel } from './dialogs';
import type { FreshSpecs } from './freshSpecs';
import type { Choice } from './options';
import { PickerBody } from './pickerBody';
import { kernelNameOf } from './spec';
import type { IWanted } from './wantedKernels';

export interface IPickerOptions {
  shared: IDataflowEnvironments;
  fresh: FreshSpecs;
  translator: ITranslator;
  /** JupyterLab's own dialog, for those who do not want the groups. */
  cores: SelectKernel;
}

/**
 * Ask which kernel to take, and take it.
 *
 * @param wanted - the environment that the notebook was saved with
 */
export async function selectKernel(
  context: ISessionContext,
  wanted: IWanted | null,
  options: IPickerOptions
): Promise<void> {
  if (context.isDisposed) {
    return;
  }
  const isMissing =
    wanted !== null &&
    !context.session?.kernel &&
    !context.specsManager.specs?.kernelspecs[kernelNameOf(wanted.shortName)];
  const notice = isMissing ? await offerWanted(context, wanted, options) : [];
  if (notice !== null) {
    await (options.shared.settings.get('kernelCategories') || notice.length > 0
      ? pick(context, notice, options)
      : options.cores(context, options.cores));
  }
}

/**
 * Offer to activate what the notebook wants.
 *
 * @returns what to say above the other kernels; `null` when nothing is left to ask
 */
async function offerWanted(
  context: ISessionContext,
  wanted: IWanted,
  options: IPickerOptions
): Promise<string[] | null> {
  const { client, trans } = options.shared;
  const { shortName } = wanted;
  const lead = trans.__(
    'This notebook was saved with the environment %1 (%2).',
    wanted.fullName,
    shortName
  );
  let environment: Environment;
  try {
    environment = await client.environment(shortName, true);
  } catch (error) {
    const isGone = error instanceof ApiError && error.status === 404;
    return [
      lead,
      isGone
        ? trans.__('There is none of that name that you may use. Choose another kernel.')
        : trans.__('Whether you may use it can’t be found out now: the server does not answer.')
    ];
  }
  if (environment.active) {
    await start(context, shortName, options);
    return null;
  }
  const { allowed, reason } = environment.actions['activate'] ?? { allowed: false, reason: null };
  if (!allowed) {
    return [lead, reason ?? trans.__('You can’t activate it now.')];
  }
  const body = new Widget();
  body.addClass('jp-DataflowEnvs-picker');
  for (const sentence of [lead, factsOf(environment, options)]) {
    const paragraph = document.createElement('p');
    paragraph.className = 'jp-DataflowEnvs-pickerNotice';
    paragraph.textContent = sentence;
    body.node.append(paragraph);
  }
  const result = await new Dialog({
    title: trans.__('Activate %1?', environment.full_name),
    body,
    buttons: [
      Dialog.cancelButton({ label: trans.__('No Kernel') }),
      Dialog.createButton({ label: trans.__('Other Kernel…'), actions: ['other'], accept: false }),
      Dialog.okButton({ label: trans.__('Activate') })
    ]
  }).launch();
  if (result.button.actions.includes('other')) {
    return [];
  }
  if (result.button.accept) {
    await activateAndStart(context, shortName, options);
  }
  return null;
}

function factsOf(environment: Environment, { shared }: IPickerOptions): string {
  const { trans } = shared;
  const { owner, usable_version: version, deprecated } = environment;
  return deprecated
    ? trans.__('It is deprecated: %1', deprecated.reason)
    : trans.__(
        'You have not activated it here. Version %1, by %2, can be started at once.',
        version ?? '',
        owner
      );
}

async function pick(
  context: ISessionContext,
  notice: readonly string[],
  options: IPickerOptions
): Promise<void> {
  const { translator, shared } = options;
  // What JupyterLab's own dialog says, in its own translations.
  const trans = translator.load('jupyterlab');
  const { autoStartDefault } = context.kernelPreference;
  const hasCheckbox = typeof autoStartDefault === 'boolean';
  const result = await new Dialog<Choice>({
    title: trans.__('Select Kernel'),
    body: new PickerBody({
      context,
      client: shared.client,
      notice,
      translator,
      trans: shared.trans
    }),
    buttons: [
      Dialog.cancelButton({
        label: context.hasNoKernel ? context.kernelDisplayName : trans.__('Cancel')
      }),
      Dialog.okButton({ label: trans.__('Select'), ariaLabel: trans.__('Select Kernel') })
    ],
    focusNodeSelector: 'select',
    checkbox: hasCheckbox
      ? {
          label: trans.__('Always start the preferred kernel'),
          caption: trans.__('Remember my choice and always start the preferred kernel'),
          checked: autoStartDefault
        }
      : null
  }).launch();
  if (context.isDisposed || !result.button.accept) {
    return;
  }
  if (hasCheckbox && result.isChecked !== null) {
    context.kernelPreference = { ...context.kernelPreference, autoStartDefault: result.isChecked };
  }
  const choice = result.value;
  if (choice === null) {
    await (context.hasNoKernel ? undefined : context.shutdown());
  } else if ('activate' in choice) {
    await activateAndStart(context, choice.activate, options);
  } else {
    await context.changeKernel(choice);
  }
}

async function activateAndStart(
  context: ISessionContext,
  shortName: string,
  options: IPickerOptions
): Promise<void> {
  const { trans } = options.shared;
  try {
    await activate(options.shared, shortName, shortName);
  } catch (error) {
    await showErrorMessage(
      trans.__('%1 was not activated', shortName),
      error instanceof Error ? error.message : String(error)
    );
    return;
  }
  await start(context, shortName, options);
}

async function start(
  context: ISessionContext,
  shortName: string,
  { fresh, shared }: IPickerOptions
): Promise<void> {
  const { trans } = shared;
  const name = await fresh.arrival(shortName);
  if (context.isDisposed) {
    return;
  }
  if (name === null) {
    await showErrorMessage(
      trans.__('%1 is active, but was not started', shortName),
      trans.__('Its kernel has not arrived in JupyterLab yet. Choose it in a moment.')
    );
    return;
  }
  await context.changeKernel({ name });
}
