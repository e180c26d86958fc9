import * as React from 'react';

/** A field for what rows have to hold. */
export function FilterInput(props: {
  label: string;
  value: string;
  onChange: (value: string) => void;
}): JSX.Element {
  return (
    <input
      type="search"
      className="jp-DataflowEnvs-nameFilter jp-mod-styled"
      aria-label={props.label}
      placeholder={props.label}
      spellCheck={false}
      value={props.value}
      onChange={event => props.onChange(event.target.value)}
    />
  );
}
