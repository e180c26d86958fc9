import type { LabIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

export interface IActionButtonProps {
  label: string;
  icon?: LabIcon;
  /** Why it can't be used now; it stays focusable, and says so. */
  refusal?: string | null;
  allowed?: boolean;
  /** What else is to be known of it, when it can be used. */
  caption?: string | null;
  /** Shows the icon alone; the label is its name. */
  iconOnly?: boolean;
  look?: 'accept' | 'warn' | 'plain';
  busy?: boolean;
  /** Whether it opens a menu. */
  menu?: boolean;
  onClick: (event: React.MouseEvent<HTMLElement>) => void;
  className?: string;
  /** -1 for all but one of those among which arrows move. */
  tabIndex?: number;
}

/**
 * A button that says why it can't be used: its tooltip and accessible description are the server's reason.
 */
export function ActionButton(props: IActionButtonProps): JSX.Element {
  const {
    label,
    icon,
    refusal,
    allowed = true,
    iconOnly,
    look = 'plain',
    busy,
    menu,
    onClick
  } = props;
  const id = React.useId();
  const usable = allowed && !busy;
  const said = allowed ? props.caption : refusal;
  const title = said || (iconOnly || !allowed ? label : undefined);
  const classes = [
    'jp-DataflowEnvs-button',
    iconOnly ? 'jp-mod-icon' : 'jp-mod-styled',
    look === 'accept' ? 'jp-mod-accept' : look === 'warn' ? 'jp-mod-warn' : '',
    props.className ?? ''
  ];
  return (
    <button
      type="button"
      className={classes.filter(Boolean).join(' ')}
      aria-label={iconOnly ? label : undefined}
      aria-disabled={!usable}
      aria-busy={busy || undefined}
      aria-haspopup={menu ? 'menu' : undefined}
      aria-describedby={said ? id : undefined}
      title={title}
      tabIndex={props.tabIndex}
      onClick={event => usable && onClick(event)}
    >
      {icon && <icon.react tag="span" elementSize="normal" aria-hidden="true" />}
      {!iconOnly && <span>{label}</span>}
      {said && (
        <span id={id} hidden>
          {said}
        </span>
      )}
    </button>
  );
}
