import { fileUploadIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { ActionButton } from '../ui/actionButton';
import { ErrorNote, Skeleton } from '../ui/notes';
import { useSignalState } from '../ui/useSignalState';
import { decisionOf, type IWorkbench, useWorkbench } from '../workbench';
import type { Catalog } from './catalog';
import { FormFields } from './formFields';
import { Help } from './help';
import { ImportNote } from './importNote';
import type { FormModel } from './model';
import { PreviewNote } from './previewNote';
import { RefusalNote } from './refusalNote';
import { RestoredNote } from './restoredNote';
import { TheirsNote } from './theirsNote';
import { useFileDrop } from './useFileDrop';

/** The field that whoever opens a form wants to fill in. */
export const FIRST = 'input:not([type=file]):not([readonly])';
const FILES = '.yml,.yaml,.txt,.lock';

export interface IFormProps {
  model: FormModel;
  catalog: Catalog;
  title: string;
  onSave: (then: 'save' | 'build') => void;
  onDiscard: () => void;
}

/** The form in whatever state it is. */
export function Form(props: IFormProps): JSX.Element {
  const { model } = props;
  const { trans } = useWorkbench();
  const { error, phase } = useSignalState(model);
  switch (phase) {
    case 'loading':
      return <Skeleton trans={trans} />;
    case 'failed':
      return (
        <ErrorNote
          lead={trans.__('The form could not be opened.')}
          error={error}
          onRetry={() => void model.load()}
          trans={trans}
        />
      );
    case 'ready':
      return <ReadyForm {...props} />;
  }
}

function ReadyForm({ catalog, model, onDiscard, onSave, title }: IFormProps): JSX.Element {
  const workbench = useWorkbench();
  const { environments, trans } = workbench;
  const state = useSignalState(model);
  const node = React.useRef<HTMLDivElement>(null);
  React.useEffect(() => {
    // Whoever opened the tab stands on all of it since then, and wants to fill in the first field.
    if (document.activeElement === node.current?.parentElement) {
      node.current?.querySelector<HTMLElement>(FIRST)?.focus();
    }
  }, []);
  const { imported, me, refusal, theirs, values } = state;
  const { over, ...drop } = useFileDrop(
    (text, name) => void model.import(text, name),
    reason => model.refuseImport(reason)
  );
  const edit = mayInForm(workbench, model, 'edit');
  const edited = model.isEdit ? environments.find(model.args.shortName!) : undefined;
  const importing = Boolean(model.args.importing) && imported === null;
  const chooser = (
    <FileChooser
      busy={state.reading}
      focused={importing}
      onFile={(text, name) => void model.import(text, name)}
      onFailure={reason => model.refuseImport(reason)}
    />
  );
  return (
    <div ref={node} className="jp-DataflowEnvs-form" {...drop}>
      <div className="jp-DataflowEnvs-formHeader">
        <h1>{title}</h1>
        {!importing && chooser}
      </div>
      {importing && (
        <div className="jp-DataflowEnvs-dropzone">
          <p>
            {trans.__(
              'Drop an environment.yml, requirements.txt, conda-lock.yml or explicit list here, or choose it.'
            )}
          </p>
          {chooser}
        </div>
      )}
      <div className="jp-DataflowEnvs-formNotes">
        {!edit.allowed && (
          <p className="jp-DataflowEnvs-formNote jp-mod-warn" role="status">
            {edit.reason}
          </p>
        )}
        {state.restoredAt !== null && (
          <RestoredNote at={state.restoredAt} onStartOver={() => model.reset()} />
        )}
        {theirs && (
          <TheirsNote
            theirs={theirs}
            mine={values}
            onTake={() => model.takeTheirs()}
            onKeep={() => {
              model.keepMine();
              if (theirs.refused) {
                onSave('save');
              }
            }}
          />
        )}
        {refusal?.of === 'import' && (
          <RefusalNote lead={trans.__('The file could not be read.')} error={refusal.error} />
        )}
        {imported && (
          <ImportNote
            imported={imported}
            onUndo={() => model.undoImport()}
            onDismiss={() => model.dismissImport()}
          />
        )}
      </div>
      <div className="jp-DataflowEnvs-formColumns">
        <FormFields model={model} catalog={catalog} />
        <div className="jp-DataflowEnvs-formAside">
          <PreviewNote
            model={model.preview}
            values={values}
            usable={edited?.usable_version ?? null}
          />
          <Help open={model.args.mode === 'new' || model.isLocal} channels={me?.channels ?? []} />
        </div>
      </div>
      <div className="jp-DataflowEnvs-formFooter">
        {refusal?.of === 'save' && (
          <RefusalNote lead={trans.__('It was not saved.')} error={refusal.error} />
        )}
        <Buttons model={model} onSave={onSave} onDiscard={onDiscard} />
      </div>
      {over && (
        <div className="jp-DataflowEnvs-formDropHint" aria-hidden="true">
          <span>{trans.__('Drop the file to read it into the form')}</span>
        </div>
      )}
    </div>
  );
}

function Buttons(props: Pick<IFormProps, 'model' | 'onSave' | 'onDiscard'>): JSX.Element {
  const { model, onDiscard, onSave } = props;
  const workbench = useWorkbench();
  const { trans } = workbench;
  const { blocked, saving } = useSignalState(model);
  const { since } = useSignalState(model.preview);
  const edit = mayInForm(workbench, model, 'edit');
  const build = mayInForm(workbench, model, 'build');
  const wrong = model.shownProblems.length;
  return (
    <div className="jp-DataflowEnvs-formButtons">
      <ActionButton
        label={model.isLocal ? trans.__('Create') : trans.__('Save')}
        look="accept"
        allowed={edit.allowed}
        refusal={edit.reason}
        busy={saving !== null}
        onClick={() => onSave('save')}
      />
      {!model.isLocal && (
        <ActionButton
          label={trans.__('Save and Build')}
          allowed={edit.allowed && build.allowed}
          refusal={edit.reason ?? build.reason}
          busy={saving !== null}
          onClick={() => onSave('build')}
        />
      )}
      {since === null ? (
        <ActionButton label={trans.__('Preview')} onClick={() => void model.solve()} />
      ) : (
        <ActionButton label={trans.__('Cancel Preview')} onClick={() => model.preview.clear()} />
      )}
      <ActionButton label={trans.__('Discard')} onClick={onDiscard} />
      <span className="jp-DataflowEnvs-formStatus" role="status">
        {wrong > 0 &&
          (blocked === 'save'
            ? trans._n('Not saved: %1 problem', 'Not saved: %1 problems', wrong)
            : blocked === 'preview'
              ? trans._n('No preview: %1 problem', 'No preview: %1 problems', wrong)
              : trans._n('%1 problem', '%1 problems', wrong))}
        {saving !== null && trans.__('Saving…')}
      </span>
    </div>
  );
}

function FileChooser(props: {
  busy: boolean;
  /** Whether the person came to choose a file. */
  focused: boolean;
  onFile: (text: string, name: string) => void;
  onFailure: (reason: unknown) => void;
}): JSX.Element {
  const { busy, focused, onFailure, onFile } = props;
  const { trans } = useWorkbench();
  const input = React.useRef<HTMLInputElement>(null);
  const button = React.useRef<HTMLSpanElement>(null);
  React.useEffect(() => {
    if (focused) {
      button.current?.querySelector('button')?.focus();
    }
  }, [focused]);
  return (
    <span ref={button}>
      <ActionButton
        label={trans.__('Import…')}
        icon={fileUploadIcon}
        busy={busy}
        onClick={() => input.current?.click()}
      />
      <input
        ref={input}
        type="file"
        accept={FILES}
        hidden
        onChange={({ target }) => {
          const [file] = target.files ?? [];
          if (file) {
            file.text().then(text => onFile(text, file.name), onFailure);
          }
          // The same file can be chosen again, after it was changed.
          target.value = '';
        }}
      />
    </span>
  );
}

/** Whether the person may do that with the environment that is edited; new ones are theirs. */
function mayInForm(
  workbench: IWorkbench,
  model: FormModel,
  action: 'edit' | 'build'
): { allowed: boolean; reason: string | null } {
  const environment = model.isEdit && workbench.environments.find(model.args.shortName!);
  return environment ? decisionOf(environment, action) : { allowed: true, reason: null };
}
