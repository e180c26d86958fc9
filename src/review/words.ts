import type { TranslationBundle } from '@jupyterlab/translation';

import type { Review } from '../api/schemas';

export function reviewWord(state: Review['state'], trans: TranslationBundle): string {
  switch (state) {
    case 'pending':
      return trans.__('Waiting for approval');
    case 'approved':
      return trans.__('Approved');
    case 'rejected':
      return trans.__('Rejected');
    case 'withdrawn':
      return trans.__('Withdrawn');
  }
}
