import * as React from 'react';

import { useSignalState } from '../ui/useSignalState';
import { useWorkbench } from '../workbench';
import { basesOf } from './bases';
import type { Catalog } from './catalog';
import { Field } from './fields';
import { type IFocusable, LibraryBox } from './libraryBox';
import type { FormModel } from './model';
import { DESCRIPTION_LIMIT, FULL_LIMIT, LOCAL_LIMIT, SHORT_LIMIT } from './names';
import type { Field as FieldName, IProblem } from './problem';
import { PythonInput } from './pythonInput';
import { lengthOf } from './shownText';
import { isFileLike } from './pasted';
import { baseOf, type IValues } from './values';

/** From where on it is told how much room is left. */
const NEARLY_FULL = 0.8;

/** All that can be filled in. */
export function FormFields({
  model,
  catalog
}: {
  model: FormModel;
  catalog: Catalog;
}): JSX.Element {
  const { environments, settings, trans } = useWorkbench();
  const { environments: all } = useSignalState(environments);
  const { me, nameIs, pythons, values } = useSignalState(model);
  const inputs = React.useRef<Partial<Record<FieldName, IFocusable | null>>>({});
  React.useEffect(() => {
    const look = (_: unknown, { field, line }: IProblem) => inputs.current[field]?.focus(line);
    model.attention.connect(look);
    return () => void model.attention.disconnect(look);
  }, [model]);

  const refTo = (field: FieldName) => (element: HTMLElement | IFocusable | null) => {
    inputs.current[field] = element && { focus: line => focusOn(element, line) };
  };
  const problems = (field: FieldName) =>
    model.shownProblems.filter(problem => problem.field === field);
  const write =
    (key: keyof IValues) =>
    ({ target }: { target: { value: string } }) =>
      model.set(key, target.value);
  const leave = (field: FieldName) => () => model.touch(field);
  const extended = me?.extended_requirements ?? false;
  const bases = basesOf(
    all ?? [],
    values.base,
    model.isEdit ? (model.args.shortName ?? null) : null,
    trans
  );
  const base = baseOf(values.base);
  const basePython = base && environments.find(base.short_name)?.python_version;
  const channelsNote = settings.get('channelsNote');
  const box = (manager: 'conda' | 'pip', label: string, example: string) => (
    <LibraryBox
      ref={refTo(`${manager}_requirements`)}
      manager={manager}
      label={label}
      example={example}
      text={values[manager]}
      problems={problems(`${manager}_requirements`)}
      catalog={catalog}
      onChange={text => model.set(manager, text)}
      onLeave={leave(`${manager}_requirements`)}
      onPaste={text => {
        const taken = isFileLike(text, manager, extended);
        if (taken) {
          void model.import(text);
        }
        return taken;
      }}
    />
  );
  return (
    <div className="jp-DataflowEnvs-fields">
      <div className="jp-DataflowEnvs-names">
        <Field
          label={model.isLocal ? trans.__('Name') : trans.__('Short Name')}
          problems={problems('short_name')}
          counter={
            model.isEdit
              ? undefined
              : `${lengthOf(values.shortName.trim())}/${model.isLocal ? LOCAL_LIMIT : SHORT_LIMIT}`
          }
          hint={
            model.isEdit ? (
              trans.__('It never changes.')
            ) : nameIs === 'free' ? (
              <>
                <span className="jp-DataflowEnvs-tick" aria-hidden="true">
                  ✓{' '}
                </span>
                {trans.__('It is free.')}
              </>
            ) : nameIs === 'asked' ? (
              trans.__('Looking whether it is free…')
            ) : model.isLocal ? (
              trans.__('Such as mlenv-mine.')
            ) : (
              trans.__('Such as mlenv.')
            )
          }
        >
          {attributes => (
            <input
              {...attributes}
              className={`${attributes.className} jp-mod-code`}
              ref={refTo('short_name')}
              type="text"
              autoComplete="off"
              autoCapitalize="none"
              spellCheck={false}
              readOnly={model.isEdit}
              value={values.shortName}
              onChange={write('shortName')}
              onBlur={leave('short_name')}
            />
          )}
        </Field>
        {!model.isLocal && (
          <Field
            label={trans.__('Full Name')}
            problems={problems('full_name')}
            counter={room(values.fullName, FULL_LIMIT)}
          >
            {attributes => (
              <input
                {...attributes}
                ref={refTo('full_name')}
                type="text"
                autoComplete="off"
                value={values.fullName}
                onChange={write('fullName')}
                onBlur={leave('full_name')}
              />
            )}
          </Field>
        )}
      </div>
      {!model.isLocal && (
        <Field
          label={trans.__('Description')}
          problems={problems('description')}
          counter={room(values.description, DESCRIPTION_LIMIT)}
        >
          {attributes => (
            <textarea
              {...attributes}
              ref={refTo('description')}
              rows={2}
              value={values.description}
              onChange={write('description')}
              onBlur={leave('description')}
            />
          )}
        </Field>
      )}
      <div className="jp-DataflowEnvs-pair">
        <Field
          label={trans.__('Base Environment')}
          problems={problems('base')}
          hint={
            base &&
            (basePython
              ? trans.__('Its packages stay as they are; it brings Python %1.', basePython)
              : trans.__('Its packages stay as they are; it brings its own Python.'))
          }
        >
          {attributes => (
            <select
              {...attributes}
              ref={refTo('base')}
              value={values.base}
              onChange={write('base')}
              onBlur={leave('base')}
            >
              <option value="">{trans.__('None')}</option>
              {bases.map(({ key, label }) => (
                <option key={key} value={key}>
                  {label}
                </option>
              ))}
            </select>
          )}
        </Field>
        {!base && (
          <Field label={trans.__('Python Version')} problems={problems('python_version')}>
            {attributes => (
              <PythonInput
                attributes={attributes}
                inputRef={refTo('python_version')}
                value={values.pythonVersion}
                suggestions={pythons}
                onChange={version => model.set('pythonVersion', version)}
                onLeave={leave('python_version')}
              />
            )}
          </Field>
        )}
      </div>
      <div className="jp-DataflowEnvs-pair jp-mod-boxes">
        {box('conda', trans.__('Conda Libraries'), 'pandas\nscikit-learn=1.5')}
        {box('pip', trans.__('Pip Libraries'), 'rich\nhttpx>=0.27')}
      </div>
      {channelsNote && <p className="jp-DataflowEnvs-channelsNote">{channelsNote}</p>}
    </div>
  );
}

function focusOn(element: HTMLElement | IFocusable, line: number | null | undefined): void {
  if (element instanceof HTMLElement) {
    element.focus();
  } else {
    element.focus(line);
  }
}

/** How much of the room is used, once it begins to be scarce. */
function room(text: string, limit: number): string | undefined {
  const length = lengthOf(text.trim());
  return length > limit * NEARLY_FULL ? `${length}/${limit}` : undefined;
}
