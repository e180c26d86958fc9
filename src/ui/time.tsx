import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { agoWords, momentWords } from './format';

/** How long ago, with the moment itself as tooltip. */
export function Ago({ at, trans }: { at: string; trans: TranslationBundle }): JSX.Element {
  return (
    <time dateTime={at} title={momentWords(at)}>
      {agoWords(at, trans)}
    </time>
  );
}
