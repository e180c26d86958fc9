import * as React from 'react';

import type { IProblem } from './problem';

export interface IFieldProps {
  label: string;
  problems: readonly IProblem[];
  /** Shown below while nothing is wrong. */
  hint?: React.ReactNode;
  /** Beside the label, such as how much of the room is used. */
  counter?: string;
  children: (attributes: IInputAttributes) => React.ReactNode;
}

export interface IInputAttributes {
  id: string;
  className: string;
  'aria-describedby': string;
  'aria-invalid': boolean;
}

/** A label, its input, and below it what is wrong or what to know: in one line, so that nothing moves. */
export function Field(props: IFieldProps): JSX.Element {
  const { children, counter, hint, label, problems } = props;
  const id = React.useId();
  const wrong = problems.length > 0;
  return (
    <div className={`jp-DataflowEnvs-field ${wrong ? 'jp-mod-wrong' : ''}`}>
      <div className="jp-DataflowEnvs-fieldHead">
        <label className="jp-DataflowEnvs-fieldLabel" htmlFor={id}>
          {label}
        </label>
        {counter && (
          <span className="jp-DataflowEnvs-fieldCounter" aria-hidden="true">
            {counter}
          </span>
        )}
      </div>
      {children({
        id,
        className: 'jp-DataflowEnvs-input',
        'aria-describedby': `${id}-note`,
        'aria-invalid': wrong
      })}
      <div id={`${id}-note`} className="jp-DataflowEnvs-fieldNote" aria-live="polite">
        {wrong
          ? problems.map(({ message }) => (
              <p key={message} className="jp-DataflowEnvs-fieldProblem">
                {message}
              </p>
            ))
          : hint}
      </div>
    </div>
  );
}
