import { addIcon, closeIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { ActionButton } from '../../ui/actionButton';
import { useWorkbench } from '../../workbench';
import type { IFormError } from './policyForm';

/** A list of short texts, one a row; Enter begins another row. */
export function TextRows(props: {
  legend: string;
  hint: string;
  /** The label of the button for another row. */
  add: string;
  example: string;
  rows: readonly string[];
  errors: readonly IFormError[];
  onChange: (rows: readonly string[]) => void;
}): JSX.Element {
  const { legend, hint, add, example, rows, errors, onChange } = props;
  const { trans } = useWorkbench();
  const id = React.useId();
  const list = React.useRef<HTMLUListElement>(null);
  const [focused, setFocused] = React.useState<number | null>(null);
  React.useEffect(() => {
    if (focused !== null) {
      list.current?.querySelectorAll('input')[focused]?.focus();
      setFocused(null);
    }
  }, [focused]);
  const insert = (at: number) => {
    onChange([...rows.slice(0, at), '', ...rows.slice(at)]);
    setFocused(at);
  };
  return (
    <fieldset className="jp-DataflowEnvs-policyField">
      <legend>{legend}</legend>
      <p className="jp-DataflowEnvs-soft">{hint}</p>
      <ul ref={list} className="jp-DataflowEnvs-rows">
        {rows.map((row, at) => {
          const error = errors.find(found => found.row === at)?.message;
          return (
            <li key={at}>
              <div className="jp-DataflowEnvs-textRow">
                <input
                  className="jp-mod-styled"
                  aria-label={trans.__('%1, row %2', legend, at + 1)}
                  aria-invalid={error !== undefined}
                  aria-describedby={error === undefined ? undefined : `${id}-${at}`}
                  placeholder={example}
                  spellCheck={false}
                  value={row}
                  onChange={event =>
                    onChange(rows.map((text, i) => (i === at ? event.target.value : text)))
                  }
                  onKeyDown={event => {
                    if (event.key === 'Enter' && !event.nativeEvent.isComposing) {
                      event.preventDefault();
                      insert(at + 1);
                    }
                  }}
                />
                <ActionButton
                  iconOnly
                  icon={closeIcon}
                  label={trans.__('Remove %1', row || trans.__('row %1', at + 1))}
                  onClick={() => {
                    onChange(rows.filter((_, i) => i !== at));
                    setFocused(Math.max(0, at - 1));
                  }}
                />
              </div>
              {error !== undefined && (
                <p id={`${id}-${at}`} className="jp-DataflowEnvs-fieldError">
                  {error}
                </p>
              )}
            </li>
          );
        })}
      </ul>
      {errors
        .filter(({ row }) => row === null)
        .map(({ message }) => (
          <p key={message} className="jp-DataflowEnvs-fieldError">
            {message}
          </p>
        ))}
      <ActionButton label={add} icon={addIcon} onClick={() => insert(rows.length)} />
    </fieldset>
  );
}
