import type { LabIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

/** A button that is in or out; `refusal` says why it can't be used now. */
export function ToggleButton(props: {
  icon: LabIcon;
  label: string;
  pressed: boolean;
  refusal?: string | null;
  onToggle: (pressed: boolean) => void;
}): JSX.Element {
  const { icon, label, pressed, refusal, onToggle } = props;
  const id = React.useId();
  return (
    <button
      type="button"
      className="jp-DataflowEnvs-button jp-DataflowEnvs-toggle jp-mod-icon"
      aria-label={label}
      aria-pressed={pressed}
      aria-disabled={refusal ? true : undefined}
      aria-describedby={refusal ? id : undefined}
      title={refusal ?? label}
      onClick={() => refusal || onToggle(!pressed)}
    >
      <icon.react tag="span" elementSize="normal" aria-hidden="true" />
      {refusal && (
        <span id={id} hidden>
          {refusal}
        </span>
      )}
    </button>
  );
}
