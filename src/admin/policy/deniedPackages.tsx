import { addIcon, closeIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { ruleWord } from '../../ui/ruleWord';
import { ActionButton } from '../../ui/actionButton';
import { useWorkbench } from '../../workbench';
import type { IDenied, IFormError } from './policyForm';

/** Packages that nobody may install, each with the versions it is about and the reason that people read. */
export function DeniedPackages(props: {
  rows: readonly IDenied[];
  errors: readonly IFormError[];
  onChange: (rows: readonly IDenied[]) => void;
}): JSX.Element {
  const { rows, errors, onChange } = props;
  const { trans } = useWorkbench();
  const id = React.useId();
  const list = React.useRef<HTMLUListElement>(null);
  const [focused, setFocused] = React.useState<number | null>(null);
  React.useEffect(() => {
    if (focused !== null) {
      list.current?.children[focused]?.querySelector('input')?.focus();
      setFocused(null);
    }
  }, [focused]);
  const parts = [
    { part: 'name', label: trans.__('Name'), example: trans.__('Name') },
    { part: 'specifier', label: trans.__('Versions'), example: trans.__('Versions, such as <2') },
    { part: 'reason', label: trans.__('Reason'), example: trans.__('Reason that people read') }
  ] as const;
  return (
    <fieldset className="jp-DataflowEnvs-policyField jp-mod-wide">
      <legend>{ruleWord('denied_packages', trans)}</legend>
      <p className="jp-DataflowEnvs-soft">
        {trans.__('Nobody may install these, also not as a dependency.')}
      </p>
      <ul ref={list} className="jp-DataflowEnvs-rows">
        {rows.map((row, at) => {
          const wrong = errors.filter(error => error.row === at);
          return (
            <li key={at}>
              <div className="jp-DataflowEnvs-denied">
                {parts.map(({ part, label, example }) => (
                  <input
                    key={part}
                    className={`jp-mod-styled jp-mod-${part}`}
                    aria-label={trans.__('%1 of denied package %2', label, at + 1)}
                    aria-invalid={wrong.length > 0}
                    aria-describedby={wrong.length > 0 ? `${id}-${at}` : undefined}
                    placeholder={example}
                    spellCheck={part === 'reason'}
                    value={row[part]}
                    onChange={event =>
                      onChange(
                        rows.map((denied, i) =>
                          i === at ? { ...denied, [part]: event.target.value } : denied
                        )
                      )
                    }
                  />
                ))}
                <ActionButton
                  iconOnly
                  icon={closeIcon}
                  label={trans.__('Remove %1', row.name || trans.__('row %1', at + 1))}
                  onClick={() => {
                    onChange(rows.filter((_, i) => i !== at));
                    setFocused(Math.max(0, at - 1));
                  }}
                />
              </div>
              {wrong.length > 0 && (
                <p id={`${id}-${at}`} className="jp-DataflowEnvs-fieldError">
                  {wrong.map(({ message }) => message).join('; ')}
                </p>
              )}
            </li>
          );
        })}
      </ul>
      <ActionButton
        label={trans.__('Add Denied Package')}
        icon={addIcon}
        onClick={() => {
          onChange([...rows, { name: '', specifier: '', reason: '' }]);
          setFocused(rows.length);
        }}
      />
    </fieldset>
  );
}
