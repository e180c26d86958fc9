import { caretDownIcon, caretRightIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

/** A part of the panel that can be folded, with how many things it holds. */
export function Section(props: {
  id: string;
  title: string;
  /** Left out while nobody knows. */
  count?: string;
  collapsed: boolean;
  onToggle: (id: string) => void;
  /** The main one grows with what it holds as far as there is room; the second keeps to half of it, others to a third. */
  rank?: 'main' | 'second';
  /** Beside the title. */
  action?: React.ReactNode;
  children: React.ReactNode;
}): JSX.Element {
  const { id, title, count, collapsed, onToggle, rank } = props;
  const heading = React.useId();
  const body = React.useId();
  const Caret = collapsed ? caretRightIcon : caretDownIcon;
  const classes = ['jp-DataflowEnvs-section', rank ? `jp-mod-${rank}` : ''].filter(Boolean);
  return (
    <section className={classes.join(' ')} aria-labelledby={heading}>
      <h3 className="jp-DataflowEnvs-sectionTitle">
        <button
          id={heading}
          type="button"
          aria-expanded={!collapsed}
          aria-controls={collapsed ? undefined : body}
          onClick={() => onToggle(id)}
        >
          <Caret.react tag="span" elementSize="normal" aria-hidden="true" />
          <span className="jp-DataflowEnvs-sectionName">{title}</span>
          {count !== undefined && <span className="jp-DataflowEnvs-count">{count}</span>}
        </button>
      </h3>
      {props.action && <span className="jp-DataflowEnvs-sectionAction">{props.action}</span>}
      {!collapsed && (
        <div id={body} className="jp-DataflowEnvs-sectionBody">
          {props.children}
        </div>
      )}
    </section>
  );
}
