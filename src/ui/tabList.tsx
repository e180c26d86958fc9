import * as React from 'react';

export interface ITab<K extends string> {
  key: K;
  label: string;
  /** Shown beside the label, such as how many wait. */
  badge?: number;
}

/**
 * Tabs within a view, as the ARIA practices describe them: arrows, Home and End move between them. The panel belonging to
 * a tab has the id `<id>-<key>-panel`; give it `role="tabpanel"` and `aria-labelledby={<id>-<key>}`.
 */
export function TabList<K extends string>(props: {
  id: string;
  label: string;
  tabs: readonly ITab<K>[];
  chosen: K;
  onChoose: (key: K) => void;
}): JSX.Element {
  const { id, label, tabs, chosen, onChoose } = props;
  const list = React.useRef<HTMLDivElement>(null);
  const choose = (key: K) => key !== chosen && onChoose(key);
  const move = (event: React.KeyboardEvent) => {
    const at = tabs.findIndex(({ key }) => key === chosen);
    const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: tabs.length - 1 }[event.key];
    if (to === undefined) {
      return;
    }
    event.preventDefault();
    const { key } = tabs[(to + tabs.length) % tabs.length];
    onChoose(key);
    list.current?.querySelector<HTMLElement>(`#${CSS.escape(`${id}-${key}`)}`)?.focus();
  };
  return (
    <div ref={list} className="jp-DataflowEnvs-tabs" role="tablist" aria-label={label}>
      {tabs.map(({ key, label: name, badge }) => (
        <button
          key={key}
          id={`${id}-${key}`}
          type="button"
          role="tab"
          className="jp-DataflowEnvs-tabButton"
          aria-selected={key === chosen}
          aria-controls={key === chosen ? `${id}-${key}-panel` : undefined}
          tabIndex={key === chosen ? 0 : -1}
          // As JupyterLab's own tabs: what grows above them while a build begins moves them away from a mouse that is
          // about to be let go, and that would be no click.
          onPointerDown={({ button, pointerType }) =>
            pointerType === 'mouse' && button === 0 && choose(key)
          }
          onClick={() => choose(key)}
          onKeyDown={move}
        >
          {name}
          {badge !== undefined && badge > 0 && (
            <span className="jp-DataflowEnvs-count">{badge}</span>
          )}
        </button>
      ))}
    </div>
  );
}
