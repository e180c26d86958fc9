import '../../../style/form.css';
import '../../../style/local.css';

import { ReactWidget } from '@jupyterlab/ui-components';
import * as React from 'react';

import { askAndSubmit } from '../../actions/submitDialog';
import type { Environment } from '../../api/schemas';
import { Field } from '../../form/fields';
import { LOCAL_LIMIT } from '../../form/names';
import { RefusalNote } from '../../form/refusalNote';
import { CommandIDs } from '../../tokens';
import { plain } from '../../ui/plain';
import { useSignalState } from '../../ui/useSignalState';
import { type IWorkbench, useWorkbench, WorkbenchProvider } from '../../workbench';
import { ToLocalModel } from './toLocalModel';

/**
 * Ask how the copy is to be called, and begin to make it; its tab opens at the log.
 *
 * @returns what was done, in a sentence; `null` when the person cancels
 */
export async function copyToLocal(
  workbench: IWorkbench,
  environment: Environment
): Promise<string | null> {
  const { commands, local, trans } = workbench;
  await local.ensure();
  const model = new ToLocalModel(workbench, environment);
  const body = ReactWidget.create(
    <WorkbenchProvider value={workbench}>
      <Body model={model} environment={environment} />
    </WorkbenchProvider>
  );
  body.addClass('jp-DataflowEnvs-copy');
  const done = await askAndSubmit({
    title: trans.__('Copy %1 to Local', plain(environment.full_name)),
    body,
    accept: trans.__('Copy to Local'),
    focus: 'input',
    submit: () => model.submit(),
    trans
  });
  if (!done || model.copy === null) {
    return null;
  }
  await commands.execute(CommandIDs.openLocal, { id: model.copy.id, section: 'log' });
  return trans.__('%1 is being copied to %2.', environment.full_name, model.copy.name);
}

function Body(props: { model: ToLocalModel; environment: Environment }): JSX.Element {
  const { model, environment } = props;
  const { trans } = useWorkbench();
  const { name, problem, error } = useSignalState(model);
  return (
    <>
      <p>
        {trans.__(
          'Version %1 is copied with exactly its packages. The copy is yours alone, on this Jupyter server: you can install into it. Its kernel is in the launcher when it is done.',
          environment.usable_version ?? ''
        )}
      </p>
      <Field
        label={trans.__('Name')}
        counter={`${name.trim().length}/${LOCAL_LIMIT}`}
        problems={
          problem === null
            ? []
            : [{ field: 'short_name', line: null, text: null, message: problem }]
        }
      >
        {attributes => (
          <input
            {...attributes}
            className={`${attributes.className} jp-mod-code`}
            type="text"
            autoComplete="off"
            autoCapitalize="none"
            spellCheck={false}
            value={name}
            onChange={({ target }) => model.setName(target.value)}
          />
        )}
      </Field>
      {error !== null && <RefusalNote lead={trans.__('It was not copied.')} error={error} />}
    </>
  );
}
