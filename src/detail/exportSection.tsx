import { Clipboard } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { copyIcon, downloadIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import type { Environment, ExportFormat, Version } from '../api/schemas';
import { ActionButton } from '../ui/actionButton';
import { ErrorNote } from '../ui/notes';
import { useWorkbench } from '../workbench';
import { Blank } from './blanks';
import { NotBuilt } from './notBuilt';

type Way = 'download' | 'copy';

/** The version as files from which other tools make the same environment. */
export function ExportSection(props: {
  environment: Environment;
  version: Version | null;
}): JSX.Element {
  const { environment, version } = props;
  const { announcer, client, trans } = useWorkbench();
  const [busy, setBusy] = React.useState<string | null>(null);
  const [failed, setFailed] = React.useState<{
    format: ExportFormat;
    way: Way;
    error: unknown;
  } | null>(null);
  const [done, setDone] = React.useState<string | null>(null);
  const shortName = environment.short_name;
  if (version === null) {
    return (
      <NotBuilt
        environment={environment}
        text={trans.__('A version can be taken to other tools and machines once it is built.')}
      />
    );
  }
  if (version.outcome !== 'succeeded') {
    return (
      <Blank
        lead={trans.__('Version %1 was not built.', version.number)}
        text={trans.__('There is nothing to export. Choose a version that was built.')}
      />
    );
  }
  const take = async (format: ExportFormat, way: Way) => {
    setBusy(`${way} ${format}`);
    setFailed(null);
    setDone(null);
    try {
      const text = await client.exported(shortName, version.number, format);
      if (way === 'copy') {
        await copy(text);
        announcer.say(trans.__('%1 is copied.', format));
      } else {
        download(text, `${shortName}-v${version.number}.${format}`);
        announcer.say(trans.__('%1 is downloaded.', format));
      }
      setDone(`${way} ${format}`);
    } catch (error) {
      setFailed({ format, way, error });
    } finally {
      setBusy(null);
    }
  };
  return (
    <>
      <p className="jp-DataflowEnvs-tally">
        {trans.__('Version %1 of %2, for other tools:', version.number, shortName)}
      </p>
      {failed && (
        <ErrorNote
          lead={trans.__('%1 could not be made.', failed.format)}
          error={failed.error}
          onRetry={() => void take(failed.format, failed.way)}
          trans={trans}
        />
      )}
      <ul className="jp-DataflowEnvs-exports">
        {formats(trans).map(([format, purpose]) => (
          <li key={format} aria-label={format}>
            <code>{format}</code>
            <p>{purpose}</p>
            <div className="jp-DataflowEnvs-exportButtons">
              {(['download', 'copy'] as const).map(way => (
                <ActionButton
                  key={way}
                  label={
                    done === `${way} ${format}`
                      ? way === 'copy'
                        ? trans.__('Copied')
                        : trans.__('Downloaded')
                      : way === 'copy'
                        ? trans.__('Copy')
                        : trans.__('Download')
                  }
                  icon={way === 'copy' ? copyIcon : downloadIcon}
                  busy={busy === `${way} ${format}`}
                  onClick={() => void take(format, way)}
                />
              ))}
            </div>
          </li>
        ))}
      </ul>
    </>
  );
}

function formats(trans: TranslationBundle): readonly (readonly [ExportFormat, string])[] {
  return [
    [
      'conda-lock.yml',
      trans.__(
        'Every package with its hash, for conda-lock and micromamba: the same environment, byte for byte.'
      )
    ],
    [
      'environment.yml',
      trans.__(
        'Every package at its version, the conda ones at their build too, for conda and mamba.'
      )
    ],
    [
      'requested.yml',
      trans.__('Only what was asked for, for conda and mamba, or to begin a new environment here.')
    ],
    [
      'explicit.txt',
      trans.__(
        'The addresses of the conda packages, for “conda create --file”; without the pip libraries.'
      )
    ],
    [
      'requirements.txt',
      trans.__(
        'The pip libraries with their hashes, for pip and uv; what conda installed stands there as comments.'
      )
    ],
    [
      'sbom.cdx.json',
      trans.__(
        'A bill of materials in CycloneDX, for those who look after licences and vulnerabilities.'
      )
    ]
  ];
}

function download(text: string, name: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'application/octet-stream' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // Browsers read it after the click has returned.
  window.setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** Where the page did not come over TLS there is no clipboard to write to but by a copy event. */
async function copy(text: string): Promise<void> {
  if (navigator.clipboard) {
    await navigator.clipboard.writeText(text);
  } else {
    Clipboard.copyToSystem(text);
  }
}
