import * as React from 'react';

import type { Diff, ReviewPage } from '../api/schemas';
import { DiffTable } from '../ui/diffTable';
import { ErrorNote, Skeleton } from '../ui/notes';
import { plain } from '../ui/plain';
import { useAnswer } from '../ui/useAnswer';
import { useWorkbench } from '../workbench';
import { OtherVersion } from './otherVersion';

export interface IDifferencesProps {
  shortName: string;
  version: number;
  /** The published version of the same environment. */
  published: number | null;
  /** From that version to this one. */
  changes: Diff | null;
  lookAlikes: ReviewPage['look_alikes'];
}

const OTHER = 'other';

/** How the version differs from the published one, from the environments most like it, and from any other. */
export function Differences(props: IDifferencesProps): JSX.Element {
  const { shortName, version, published, changes, lookAlikes } = props;
  const { trans } = useWorkbench();
  const name = React.useId();
  const itself = published !== null && changes !== null ? `${shortName}@${published}` : null;
  const alike = lookAlikes.map(found => ({
    ...found,
    side: `${found.short_name}@${found.version}`
  }));
  const [picked, pick] = React.useState(itself ?? alike[0]?.side ?? OTHER);
  const [other, setOther] = React.useState<string | null>(null);
  const side = picked === OTHER ? other : picked;
  const choice = (value: string, label: React.ReactNode) => (
    <label key={value} className="jp-DataflowEnvs-side">
      <input
        type="radio"
        name={name}
        value={value}
        checked={picked === value}
        onChange={() => pick(value)}
      />
      <span>{label}</span>
    </label>
  );
  return (
    <>
      <fieldset className="jp-DataflowEnvs-sides">
        <legend>{trans.__('Compared with')}</legend>
        {itself !== null && choice(itself, trans.__('Published version %1', published))}
        {alike.map(found =>
          choice(
            found.side,
            <>
              {plain(found.full_name)}{' '}
              <span className="jp-DataflowEnvs-soft">
                {trans.__(
                  '%1, version %2, %3 % alike',
                  found.short_name,
                  found.version,
                  Math.floor(found.share * 100)
                )}
              </span>
            </>
          )
        )}
        {choice(OTHER, trans.__('Another version'))}
      </fieldset>
      {picked === OTHER && <OtherVersion itself={`${shortName}@${version}`} onPick={setOther} />}
      {itself === null && alike.length === 0 && picked === OTHER && other === null && (
        <p className="jp-DataflowEnvs-soft">
          {trans.__('Nothing published is like it: choose a version to compare with.')}
        </p>
      )}
      {side !== null &&
        (side === itself && changes !== null ? (
          <DiffTable diff={changes} label={labelOf(side, trans)} trans={trans} />
        ) : (
          <Compared key={side} left={side} right={`${shortName}@${version}`} />
        ))}
    </>
  );
}

function Compared({ left, right }: { left: string; right: string }): JSX.Element {
  const { client, trans } = useWorkbench();
  const { value, error, again } = useAnswer(`${left} ${right}`, () => client.compare(left, right));
  if (error !== null) {
    return (
      <ErrorNote
        lead={trans.__('They could not be compared.')}
        error={error}
        onRetry={again}
        trans={trans}
      />
    );
  }
  return value === null ? (
    <Skeleton trans={trans} />
  ) : (
    <DiffTable diff={value} label={labelOf(left, trans)} trans={trans} />
  );
}

function labelOf(side: string, trans: ReturnType<typeof useWorkbench>['trans']): string {
  return trans.__('What differs from %1', side);
}
