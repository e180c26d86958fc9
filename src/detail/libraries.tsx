import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { Environment, Version } from '../api/schemas';
import { ActionButton } from '../ui/actionButton';
import { FilterInput } from '../ui/filterInput';
import { ErrorNote } from '../ui/notes';
import { decisionOf, useWorkbench } from '../workbench';
import { type ILibraryRow, libraryRows, type Origin } from './libraryRows';
import { LibraryTable } from './libraryTable';
import { Note } from './note';
import { NotBuilt } from './notBuilt';
import { newerKey, useNewer } from './newer';
import { useCommand } from './useCommand';

const ORIGINS: readonly Origin[] = ['requested', 'base', 'added', 'dependency'];

/** What was asked for against what is installed. */
export function Libraries(props: {
  environment: Environment;
  version: Version | null;
  onVersion: (number: number) => void;
}): JSX.Element {
  const { environment, version, onVersion } = props;
  const { client, trans } = useWorkbench();
  const [filter, setFilter] = React.useState('');
  const [origin, setOrigin] = React.useState<Origin | null>(null);
  const [newer, check] = useNewer(client, environment.short_name, version?.number ?? null);
  // The field answers at once, the table when there is time.
  const sought = React.useDeferredValue(filter.trim().toLowerCase());
  const rows = React.useMemo(() => libraryRows(environment, version), [environment, version]);
  const chosen = React.useMemo(
    () =>
      rows.filter(
        row =>
          (origin === null || row.origin === origin) &&
          [row.name, row.requested, row.installed, row.channel].some(text =>
            text?.toLowerCase().includes(sought)
          )
      ),
    [rows, origin, sought]
  );
  const built = version?.outcome === 'succeeded';
  if (rows.length === 0) {
    return (
      <NotBuilt
        environment={environment}
        text={trans.__(
          'Python and a kernel are installed by the first build; no libraries are asked for yet.'
        )}
      />
    );
  }
  const words = originWords(trans);
  return (
    <>
      <Unbuilt environment={environment} version={version} onVersion={onVersion} />
      {version?.warnings.map(warning => (
        <Note key={warning} look="warn" lead={trans.__('Warning')}>
          {warning}
        </Note>
      ))}
      <div className="jp-DataflowEnvs-tools">
        <FilterInput label={trans.__('Filter libraries')} value={filter} onChange={setFilter} />
        <div className="jp-DataflowEnvs-chips" role="group" aria-label={trans.__('Show by origin')}>
          <Chip
            label={trans.__('All')}
            count={rows.length}
            pressed={origin === null}
            onPress={() => setOrigin(null)}
          />
          {ORIGINS.map(key => {
            const count = rows.filter(row => row.origin === key).length;
            return count === 0 ? null : (
              <Chip
                key={key}
                label={words[key]}
                count={count}
                pressed={origin === key}
                onPress={() => setOrigin(origin === key ? null : key)}
              />
            );
          })}
        </div>
        {built && (
          <ActionButton
            label={trans.__('Check for newer versions')}
            busy={newer.busy}
            onClick={check}
            className="jp-mod-last"
          />
        )}
      </div>
      {newer.error !== null && (
        <ErrorNote
          lead={trans.__('Channels and indexes could not be asked for newer versions.')}
          error={newer.error}
          onRetry={check}
          trans={trans}
        />
      )}
      <p className="jp-DataflowEnvs-tally" role="status">
        {chosen.length === rows.length
          ? trans._n('%1 library', '%1 libraries', rows.length)
          : trans.__('%1 of %2 libraries', chosen.length, rows.length)}
        {newer.found !== null &&
          ` · ${trans._n(
            '%1 has a newer version',
            '%1 have newer versions',
            rows.filter(row => newer.found?.has(newerKey(row))).length
          )}`}
      </p>
      {chosen.length > 0 ? (
        <LibraryTable rows={chosen} newer={newer.found} origins={words} />
      ) : (
        <p className="jp-DataflowEnvs-none">
          {trans.__('No library fits.')}{' '}
          <button
            type="button"
            className="jp-DataflowEnvs-link"
            onClick={() => {
              setFilter('');
              setOrigin(null);
            }}
          >
            {trans.__('Show all')}
          </button>
        </p>
      )}
    </>
  );
}

/** Why nothing is installed, or what is saved and not yet built. */
function Unbuilt(props: {
  environment: Environment;
  version: Version | null;
  onVersion: (number: number) => void;
}): JSX.Element | null {
  const { environment, version, onVersion } = props;
  const { looks, trans } = useWorkbench();
  const run = useCommand(environment.short_name);
  const { allowed, reason } = decisionOf(environment, 'build');
  const { latest_version: latest, usable_version: usable } = environment;
  const build = (
    <ActionButton
      label={looks.build.label}
      allowed={allowed}
      refusal={reason}
      onClick={() => run('build')}
    />
  );
  if (version === null) {
    return (
      <Note look="info" lead={trans.__('Nothing is installed yet')} buttons={build}>
        {trans.__('this is what is asked for. Build to install it.')}
      </Note>
    );
  }
  if (version.outcome !== 'succeeded') {
    return (
      <Note
        look="info"
        lead={
          version.outcome === 'failed'
            ? trans.__('Version %1 is not installed', version.number)
            : trans.__('Version %1 is being built', version.number)
        }
        buttons={
          usable !== null && (
            <ActionButton
              label={trans.__('Show version %1', usable)}
              onClick={() => onVersion(usable)}
            />
          )
        }
      >
        {usable === null
          ? trans.__('this is what is asked for.')
          : trans.__('this is what is asked for. Version %1 is the one in use.', usable)}
      </Note>
    );
  }
  return environment.modified && version.number === latest ? (
    <Note look="info" lead={trans.__('Edited since it was built')} buttons={build}>
      {trans.__('the lines that differ are marked. Build to install them.')}
    </Note>
  ) : null;
}

function Chip(props: {
  label: string;
  count: number;
  pressed: boolean;
  onPress: () => void;
}): JSX.Element {
  const { label, count, pressed, onPress } = props;
  return (
    <button type="button" className="jp-DataflowEnvs-chip" aria-pressed={pressed} onClick={onPress}>
      {label} <span>{count}</span>
    </button>
  );
}

function originWords(trans: TranslationBundle): Record<ILibraryRow['origin'], string> {
  return {
    requested: trans.__('Requested'),
    base: trans.__('Base'),
    added: trans.__('Added by us'),
    dependency: trans.__('Dependency')
  };
}
