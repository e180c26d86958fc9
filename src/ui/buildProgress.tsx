import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { Environment, Phase, Progress } from '../api/schemas';
import { sizeWords } from './format';

/** How far a build is: a bar, and its phase in words. Takes the same room in every phase. */
export function BuildProgress(props: {
  environment: Pick<Environment, 'short_name' | 'phase' | 'progress' | 'queue_position'>;
  trans: TranslationBundle;
}): JSX.Element | null {
  const { environment, trans } = props;
  const { phase, progress, queue_position: place } = environment;
  if (phase === null) {
    return null;
  }
  const share = shareOf(phase, progress);
  return (
    <span className="jp-DataflowEnvs-progress">
      <progress
        aria-label={trans.__('Build of %1', environment.short_name)}
        max={1}
        {...(share === null ? {} : { value: share })}
      />
      <span>{progressWords(phase, progress, place, trans)}</span>
    </span>
  );
}

/** Such as "queued #2", "downloading 34/59 MB", "linking 41/63". */
export function progressWords(
  phase: Phase,
  progress: Progress | null,
  place: number | null,
  trans: TranslationBundle
): string {
  const word = phaseWord(phase, trans);
  if (phase === 'queued') {
    return place === null ? word : `${word} #${place}`;
  }
  if (phase === 'downloading' && progress && progress.bytes_total > 0) {
    return `${word} ${sizeWords(progress.bytes_done, trans)} / ${sizeWords(progress.bytes_total, trans)}`;
  }
  if (phase !== 'solving' && progress && progress.packages_total > 0) {
    return `${word} ${progress.packages_done}/${progress.packages_total}`;
  }
  return word;
}

export function phaseWord(phase: Phase, trans: TranslationBundle): string {
  switch (phase) {
    case 'queued':
      return trans.__('queued');
    case 'solving':
      return trans.__('solving');
    case 'downloading':
      return trans.__('downloading');
    case 'linking':
      return trans.__('linking');
    case 'pip':
      return trans.__('pip');
    case 'verifying':
      return trans.__('verifying');
  }
}

/** Of the present phase, from 0 to 1; `null` when nobody knows. */
export function shareOf(phase: Phase, progress: Progress | null): number | null {
  if (progress === null || phase === 'queued' || phase === 'solving') {
    return null;
  }
  if (phase === 'downloading' && progress.bytes_total > 0) {
    return progress.bytes_done / progress.bytes_total;
  }
  return progress.packages_total > 0 ? progress.packages_done / progress.packages_total : null;
}
