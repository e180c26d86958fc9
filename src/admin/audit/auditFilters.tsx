import * as React from 'react';

import { useSignalState } from '../../ui/useSignalState';
import { useWorkbench } from '../../workbench';
import { EVERYTHING, type IAuditFilter } from './auditModel';
import { kindGroups } from './kinds';

/** Until somebody has stopped typing; in milliseconds. */
const PAUSE = 300;

/** What the audit trail is about; it is read anew as soon as somebody stops typing. */
export function AuditFilters(props: {
  filter: IAuditFilter;
  onChange: (filter: IAuditFilter) => void;
}): JSX.Element {
  const { filter, onChange } = props;
  const { environments: model, trans } = useWorkbench();
  const { environments } = useSignalState(model);
  const [typed, setTyped] = React.useState(filter);
  const id = React.useId();
  const last = React.useRef({ filter, onChange });
  last.current = { filter, onChange };
  React.useEffect(() => setTyped(filter), [filter]);
  React.useEffect(() => {
    if (sameFilter(typed, last.current.filter)) {
      return undefined;
    }
    const timer = window.setTimeout(() => last.current.onChange(typed), PAUSE);
    return () => window.clearTimeout(timer);
  }, [typed]);
  const field = (name: keyof IAuditFilter, label: string, more: object) => (
    <label>
      <span>{label}</span>
      <input
        className="jp-mod-styled"
        value={typed[name]}
        onChange={event => setTyped({ ...typed, [name]: event.target.value })}
        {...more}
      />
    </label>
  );
  return (
    <search className="jp-DataflowEnvs-pickers" aria-label={trans.__('Filter the audit trail')}>
      {field('environment', trans.__('Environment'), {
        list: `${id}-names`,
        placeholder: trans.__('Short Name'),
        spellCheck: false
      })}
      <datalist id={`${id}-names`}>
        {(environments ?? []).map(({ short_name, full_name }) => (
          <option key={short_name} value={short_name}>
            {full_name}
          </option>
        ))}
      </datalist>
      {field('user', trans.__('Who'), { placeholder: trans.__('User name'), spellCheck: false })}
      <label>
        <span>{trans.__('What')}</span>
        <select
          className="jp-mod-styled"
          value={typed.kind}
          onChange={event => setTyped({ ...typed, kind: event.target.value })}
        >
          <option value="">{trans.__('Everything')}</option>
          {kindGroups(trans).map(({ group, label, kinds }) => (
            <optgroup key={group} label={label}>
              <option value={group}>{trans.__('%1: all', label)}</option>
              {kinds.map(({ kind, label: word }) => (
                <option key={kind} value={kind}>
                  {word}
                </option>
              ))}
            </optgroup>
          ))}
        </select>
      </label>
      {field('since', trans.__('Since'), { type: 'datetime-local' })}
      {field('until', trans.__('Until'), { type: 'datetime-local' })}
      {!sameFilter(typed, EVERYTHING) && (
        <button type="button" className="jp-mod-styled" onClick={() => setTyped(EVERYTHING)}>
          {trans.__('Clear')}
        </button>
      )}
    </search>
  );
}

function sameFilter(a: IAuditFilter, b: IAuditFilter): boolean {
  return (Object.keys(EVERYTHING) as (keyof IAuditFilter)[]).every(name => a[name] === b[name]);
}
