import * as React from 'react';

/** A number, or nothing for no limit. */
export function LimitField(props: {
  label: string;
  /** After the number: what is counted. */
  hint: string;
  value: string;
  error: string | null;
  onChange: (value: string) => void;
  children?: React.ReactNode;
}): JSX.Element {
  const { label, hint, value, error, onChange, children } = props;
  const id = React.useId();
  return (
    <div className="jp-DataflowEnvs-limit">
      <label htmlFor={id}>{label}</label>
      <div className="jp-DataflowEnvs-textRow">
        <input
          id={id}
          className="jp-mod-styled"
          inputMode="decimal"
          autoComplete="off"
          aria-invalid={error !== null}
          aria-describedby={error === null ? undefined : `${id}-error`}
          value={value}
          onChange={event => onChange(event.target.value)}
        />
        {children}
        {hint && <span className="jp-DataflowEnvs-soft">{hint}</span>}
      </div>
      {error !== null && (
        <p id={`${id}-error`} className="jp-DataflowEnvs-fieldError">
          {error}
        </p>
      )}
    </div>
  );
}
