import '../../../style/form.css';
import '../../../style/local.css';

import { ReactWidget } from '@jupyterlab/ui-components';
import * as React from 'react';

import { askAndSubmit } from '../../actions/submitDialog';
import type { Local, Reproduction } from '../../api/schemas';
import { Field } from '../../form/fields';
import { FULL_LIMIT, SHORT_LIMIT } from '../../form/names';
import { RefusalNote } from '../../form/refusalNote';
import { lengthOf } from '../../form/shownText';
import { CommandIDs } from '../../tokens';
import { ErrorNote, Skeleton } from '../../ui/notes';
import { plain } from '../../ui/plain';
import { useSignalState } from '../../ui/useSignalState';
import { type IWorkbench, useWorkbench, WorkbenchProvider } from '../../workbench';
import { ToDataflowModel } from './toDataflowModel';

/**
 * Ask how the environment is to be called, and begin to build it; its tab opens at the log.
 *
 * @returns what was done, in a sentence; `null` when the person cancels
 */
export async function copyToDataflow(workbench: IWorkbench, local: Local): Promise<string | null> {
  const { commands, trans } = workbench;
  const model = new ToDataflowModel(workbench, local, {
    leaveOut: trans.__('These can’t be installed again anywhere else: leave them out, or cancel.')
  });
  const body = ReactWidget.create(
    <WorkbenchProvider value={workbench}>
      <Body model={model} />
    </WorkbenchProvider>
  );
  body.addClass('jp-DataflowEnvs-copy');
  const done = await askAndSubmit({
    title: trans.__('Copy %1 to Dataflow', plain(local.name)),
    body,
    accept: trans.__('Copy to Dataflow'),
    focus: 'input',
    submit: () => model.submit(),
    trans
  });
  model.dispose();
  if (!done || model.environment === null) {
    return null;
  }
  const { full_name: fullName, short_name: shortName } = model.environment;
  await commands.execute(CommandIDs.open, { shortName, section: 'log' });
  return trans.__('%1 is being built.', fullName);
}

function Body({ model }: { model: ToDataflowModel }): JSX.Element {
  const { trans } = useWorkbench();
  const { error, found, fullName, nameIs, problems, shortName } = useSignalState(model);
  const wrong = (field: keyof typeof problems) =>
    (problems[field] ?? []).map(message => ({
      field: 'short_name' as const,
      line: null,
      text: null,
      message
    }));
  return (
    <>
      <p>
        {trans.__(
          'A new environment of yours is built with exactly the versions that are installed here. You can submit it for publishing then.'
        )}
      </p>
      <div className="jp-DataflowEnvs-copyNames">
        <Field
          label={trans.__('Short Name')}
          counter={`${lengthOf(shortName.trim())}/${SHORT_LIMIT}`}
          problems={wrong('short_name')}
          hint={
            nameIs === 'free'
              ? trans.__('It is free.')
              : nameIs === 'asked'
                ? trans.__('Looking whether it is free…')
                : trans.__('Such as mlenv.')
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
              value={shortName}
              onChange={({ target }) => model.setShortName(target.value)}
            />
          )}
        </Field>
        <Field
          label={trans.__('Full Name')}
          counter={`${lengthOf(fullName.trim())}/${FULL_LIMIT}`}
          problems={wrong('full_name')}
        >
          {attributes => (
            <input
              {...attributes}
              type="text"
              autoComplete="off"
              value={fullName}
              onChange={({ target }) => model.setFullName(target.value)}
            />
          )}
        </Field>
      </div>
      {found ? (
        <Asked found={found} model={model} />
      ) : error === null ? (
        <Skeleton trans={trans} />
      ) : (
        <ErrorNote
          lead={trans.__('What is installed could not be read.')}
          error={error}
          onRetry={() => void model.load()}
          trans={trans}
        />
      )}
      {found && error !== null && (
        <RefusalNote lead={trans.__('It was not copied.')} error={error} />
      )}
    </>
  );
}

/** What would be asked for, what can't be, and what would be different. */
function Asked(props: { found: Reproduction; model: ToDataflowModel }): JSX.Element {
  const { found, model } = props;
  const { trans } = useWorkbench();
  const { leaveOut, problems } = useSignalState(model);
  const id = React.useId();
  const { conda_requirements: conda, pip_requirements: pip, notes, unreproducible } = found;
  const summary = [
    trans.__('Python %1', found.python_version),
    trans._n('%1 conda library', '%1 conda libraries', conda.length),
    trans._n('%1 pip library', '%1 pip libraries', pip.length)
  ].join(', ');
  const blame = problems.packages ?? [];
  return (
    <>
      <details className="jp-DataflowEnvs-copyAsked">
        <summary>{summary}</summary>
        <ul aria-label={trans.__('What is asked for')}>
          {[...conda, ...pip].map((line, index) => (
            <li key={index}>
              <code className="jp-DataflowEnvs-copyLine">{plain(line)}</code>
            </li>
          ))}
        </ul>
      </details>
      {notes.length > 0 && (
        <ul className="jp-DataflowEnvs-copyNotes" aria-label={trans.__('Notes')}>
          {notes.map(note => (
            <li key={note}>{plain(note)}</li>
          ))}
        </ul>
      )}
      {unreproducible.length > 0 && (
        <section className="jp-DataflowEnvs-formNote jp-mod-warn" aria-labelledby={id}>
          <p id={id} className="jp-DataflowEnvs-lead">
            {trans._n(
              '%1 package can’t be reproduced',
              '%1 packages can’t be reproduced',
              unreproducible.length
            )}
          </p>
          <ul className="jp-DataflowEnvs-copyLeft" aria-labelledby={id}>
            {unreproducible.map(({ manager, name, unreproducible: reason, version }) => (
              <li key={`${manager} ${name}`}>
                <strong>
                  <bdi>{plain(`${name} ${version}`)}</bdi>
                </strong>
                {': '}
                <bdi>{plain(reason ?? '')}</bdi>
              </li>
            ))}
          </ul>
          <label className="jp-DataflowEnvs-copyCheck">
            <input
              type="checkbox"
              checked={leaveOut}
              aria-invalid={blame.length > 0}
              aria-describedby={`${id}-problem`}
              onChange={({ target }) => model.setLeaveOut(target.checked)}
            />
            {trans.__('Leave these out')}
          </label>
          <p id={`${id}-problem`} className="jp-DataflowEnvs-fieldProblem" aria-live="polite">
            {blame.join(' ')}
          </p>
        </section>
      )}
    </>
  );
}
