import * as React from 'react';

import type { Package, Preview } from '../api/schemas';
import { ColumnHeads } from '../ui/columnHeads';
import { DiffTable } from '../ui/diffTable';
import { durationWords, sizeWords } from '../ui/format';
import { useSignalState } from '../ui/useSignalState';
import { useWorkbench } from '../workbench';
import type { PreviewModel } from './preview';
import { RefusalNote } from './refusalNote';
import { isEqual, type IValues } from './values';

/** What a build of the form would do: while it is solved, when that is known, and why it can't be. */
export function PreviewNote(props: {
  model: PreviewModel;
  values: IValues;
  /** The version that the result is compared with; `null` when nothing was built yet. */
  usable: number | null;
}): JSX.Element | null {
  const { model, usable, values } = props;
  const { trans } = useWorkbench();
  const { error, of, result, since } = useSignalState(model);
  const section = React.useRef<HTMLElement>(null);
  React.useEffect(() => {
    section.current?.scrollIntoView?.({ block: 'nearest' });
  }, [result, error, since]);
  if (since === null && result === null && error === null) {
    return null;
  }
  const outdated = of !== null && !isSameRequest(of, values);
  return (
    <section ref={section} className="jp-DataflowEnvs-preview" aria-label={trans.__('Preview')}>
      <h2>{trans.__('Preview')}</h2>
      {since !== null && <Solving since={since} />}
      {outdated && (
        <p className="jp-DataflowEnvs-muted" role="status">
          {trans.__('The form has changed since: preview it again.')}
        </p>
      )}
      {error !== null && (
        <RefusalNote lead={trans.__('This can’t be built as it stands.')} error={error} />
      )}
      {result !== null && <Result result={result} usable={usable} />}
    </section>
  );
}

function Solving({ since }: { since: number }): JSX.Element {
  const { trans } = useWorkbench();
  const [now, setNow] = React.useState(since);
  React.useEffect(() => {
    const timer = window.setInterval(() => setNow(Date.now()), 1000);
    return () => window.clearInterval(timer);
  }, []);
  return (
    <div className="jp-DataflowEnvs-solving">
      <progress aria-label={trans.__('Solving')} />
      <span role="status">{trans.__('Solving…')}</span>
      <span className="jp-DataflowEnvs-muted" aria-hidden="true">
        {durationWords(Math.round((now - since) / 1000), trans)}
      </span>
    </div>
  );
}

function Result({ result, usable }: { result: Preview; usable: number | null }): JSX.Element {
  const { trans } = useWorkbench();
  const { diff, download_size: size, packages, pip_resolved: complete } = result;
  return (
    <>
      <p role="status">
        {trans._n('One package', '%1 packages', packages.length)}
        {', '}
        {size > 0
          ? trans.__('%1 to download.', sizeWords(size, trans))
          : trans.__('nothing to download.')}
        {usable !== null && ` ${trans.__('Compared with version %1:', usable)}`}
      </p>
      {!complete && (
        <p className="jp-DataflowEnvs-muted">
          {trans.__(
            'The pip libraries are not among them: they are resolved in the build, against what conda has installed.'
          )}
        </p>
      )}
      {usable === null ? (
        <PackageTable packages={packages} />
      ) : (
        <DiffTable diff={diff} label={trans.__('What would change')} trans={trans} />
      )}
    </>
  );
}

/** What was asked for first, then what comes with it. */
function PackageTable({ packages }: { packages: readonly Package[] }): JSX.Element {
  const { trans } = useWorkbench();
  const words: Record<Package['origin'], string> = {
    requested: trans.__('requested'),
    added: trans.__('added by us'),
    base: trans.__('from the base'),
    dependency: trans.__('dependency')
  };
  const order = Object.keys(words);
  const rows = [...packages].sort(
    (a, b) => order.indexOf(a.origin) - order.indexOf(b.origin) || a.name.localeCompare(b.name)
  );
  return (
    <table className="jp-DataflowEnvs-table" aria-label={trans.__('What would be installed')}>
      <ColumnHeads of={[trans.__('Library'), trans.__('Version'), trans.__('Why')]} />
      <tbody>
        {rows.map(({ manager, name, origin, requested, version }) => (
          <tr key={`${manager} ${name}`}>
            <th scope="row">
              {name}
              {manager === 'pip' && <span className="jp-DataflowEnvs-muted"> (pip)</span>}
            </th>
            <td>{version}</td>
            <td>{requested ? <code>{requested}</code> : words[origin]}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** Names and descriptions are no matter of a solve. */
function isSameRequest(left: IValues, right: IValues): boolean {
  const { description, fullName, shortName } = right;
  return isEqual({ ...left, description, fullName, shortName }, right);
}
