import { caretDownEmptyIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { useWorkbench } from '../workbench';
import type { IInputAttributes } from './fields';

/** A text with suggestions below it, as the ARIA practices describe a combobox with a list. */
export function PythonInput(props: {
  attributes: IInputAttributes;
  value: string;
  suggestions: readonly string[];
  inputRef: React.Ref<HTMLInputElement>;
  onChange: (value: string) => void;
  onLeave: () => void;
}): JSX.Element {
  const { attributes, inputRef, onChange, onLeave, suggestions, value } = props;
  const { trans } = useWorkbench();
  const [open, setOpen] = React.useState(false);
  const [typed, setTyped] = React.useState(false);
  const [chosen, setChosen] = React.useState(-1);
  const list = React.useRef<HTMLUListElement>(null);
  const known = React.useRef(value);
  React.useLayoutEffect(() => {
    // A suggestion that comes when one is here already: what is typed replaces it, as if it had been here before.
    const input = list.current?.parentElement?.querySelector('input');
    if (value !== known.current && input && input === document.activeElement) {
      input.select();
    }
    known.current = value;
  }, [value]);
  const fitting =
    typed && !suggestions.includes(value)
      ? suggestions.filter(one => one.startsWith(value.trim()))
      : suggestions;
  const shows = open && fitting.length > 0;
  const close = () => {
    setOpen(false);
    setChosen(-1);
  };
  const show = () => {
    setTyped(false);
    setOpen(true);
  };
  const take = (version: string) => {
    known.current = version;
    onChange(version);
    close();
  };
  const move = (to: number) => {
    const next = Math.max(0, Math.min(fitting.length - 1, to));
    setChosen(next);
    list.current?.children[next]?.scrollIntoView({ block: 'nearest' });
  };
  const press = (event: React.KeyboardEvent) => {
    const { key } = event;
    if ((key === 'ArrowDown' || key === 'ArrowUp') && !shows) {
      show();
      setChosen(Math.max(0, suggestions.indexOf(value)));
    } else if (key === 'ArrowDown') {
      move(chosen + 1);
    } else if (key === 'ArrowUp') {
      move(chosen - 1);
    } else if (key === 'Enter' && shows && chosen >= 0) {
      take(fitting[chosen]);
    } else if (key === 'Escape' && shows) {
      close();
      event.stopPropagation();
    } else {
      return;
    }
    event.preventDefault();
  };
  const option = (index: number) => `${attributes.id}-option-${index}`;
  return (
    <div className="jp-DataflowEnvs-combobox">
      <input
        {...attributes}
        ref={inputRef}
        type="text"
        role="combobox"
        aria-autocomplete="list"
        aria-expanded={shows}
        aria-controls={`${attributes.id}-list`}
        aria-activedescendant={shows && chosen >= 0 ? option(chosen) : undefined}
        autoComplete="off"
        spellCheck={false}
        value={value}
        onChange={({ target }) => {
          known.current = target.value;
          onChange(target.value);
          setTyped(true);
          setOpen(true);
          setChosen(-1);
        }}
        onClick={() => (shows ? close() : show())}
        onKeyDown={press}
        onBlur={() => {
          close();
          onLeave();
        }}
      />
      <caretDownEmptyIcon.react tag="span" className="jp-DataflowEnvs-caret" aria-hidden="true" />
      <ul
        ref={list}
        id={`${attributes.id}-list`}
        className="jp-DataflowEnvs-options"
        role="listbox"
        aria-label={trans.__('Versions on offer')}
        hidden={!shows}
      >
        {shows &&
          fitting.map((version, index) => (
            // The input keeps the focus and has the keys.
            // eslint-disable-next-line jsx-a11y/click-events-have-key-events
            <li
              key={version}
              id={option(index)}
              role="option"
              aria-selected={index === chosen}
              onPointerDown={event => event.preventDefault()}
              onClick={() => take(version)}
            >
              {version}
              {version.split('.').length === 2 && (
                <span className="jp-DataflowEnvs-optionNote">
                  {trans.__('newest of the series')}
                </span>
              )}
            </li>
          ))}
      </ul>
    </div>
  );
}
