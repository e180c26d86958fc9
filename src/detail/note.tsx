import * as React from 'react';

/** Something to know before anything else. */
export function Note(props: {
  look: 'error' | 'warn' | 'info';
  lead: string;
  title?: string;
  buttons?: React.ReactNode;
  children?: React.ReactNode;
}): JSX.Element {
  const { look, lead, title, buttons, children } = props;
  return (
    <div className={`jp-DataflowEnvs-note jp-mod-${look}`} title={title}>
      <p>
        <strong>{lead}</strong>
        {children && (
          <>
            {': '}
            <bdi>{children}</bdi>
          </>
        )}
      </p>
      {buttons && <div className="jp-DataflowEnvs-noteButtons">{buttons}</div>}
    </div>
  );
}
