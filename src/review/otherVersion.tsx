import * as React from 'react';

import { plain } from '../ui/plain';
import { useSignalState } from '../ui/useSignalState';
import { useAnswer } from '../ui/useAnswer';
import { useWorkbench } from '../workbench';

/** Any version that was built, of any environment that one may see. */
export function OtherVersion(props: {
  /** The version that is not offered, as `short@number`. */
  itself: string;
  /** Called with `short@number`; `null` while none is chosen. */
  onPick: (side: string | null) => void;
}): JSX.Element {
  const { itself, onPick } = props;
  const { environments: model, trans } = useWorkbench();
  const { environments } = useSignalState(model);
  const [shortName, setShortName] = React.useState('');
  const offered = (environments ?? []).filter(
    ({ usable_version, published_version, latest_version }) =>
      [usable_version, published_version, latest_version].some(number => number !== null)
  );
  return (
    <div className="jp-DataflowEnvs-pickers">
      <label>
        <span>{trans.__('Environment')}</span>
        <select
          className="jp-mod-styled"
          value={shortName}
          onChange={event => {
            setShortName(event.target.value);
            onPick(null);
          }}
        >
          <option value="">{trans.__('Choose…')}</option>
          {offered.map(({ short_name, full_name }) => (
            <option key={short_name} value={short_name}>
              {`${plain(full_name)} (${short_name})`}
            </option>
          ))}
        </select>
      </label>
      {shortName && (
        <Versions key={shortName} shortName={shortName} itself={itself} onPick={onPick} />
      )}
    </div>
  );
}

function Versions(props: {
  shortName: string;
  itself: string;
  onPick: (side: string | null) => void;
}): JSX.Element {
  const { shortName, itself, onPick } = props;
  const { client, trans } = useWorkbench();
  const { value, error } = useAnswer(shortName, () => client.versions(shortName));
  const [picked, pick] = React.useState('');
  const built = (value ?? [])
    .filter(({ outcome }) => outcome === 'succeeded')
    .map(({ number }) => `${shortName}@${number}`)
    .filter(side => side !== itself);
  const choose = (side: string) => {
    pick(side);
    onPick(side || null);
  };
  return (
    <label>
      <span>{trans.__('Version')}</span>
      <select
        className="jp-mod-styled"
        value={picked}
        disabled={built.length === 0}
        onChange={event => choose(event.target.value)}
      >
        <option value="">
          {error !== null
            ? trans.__('The versions could not be read')
            : value !== null && built.length === 0
              ? trans.__('No other version was built')
              : trans.__('Choose…')}
        </option>
        {built.map(side => (
          <option key={side} value={side}>
            {trans.__('version %1', side.slice(shortName.length + 1))}
          </option>
        ))}
      </select>
    </label>
  );
}
