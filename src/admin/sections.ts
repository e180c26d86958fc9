import type { TranslationBundle } from '@jupyterlab/translation';

export type AdminSection = 'pending' | 'published' | 'policy' | 'audit';

export const SECTIONS: readonly AdminSection[] = ['pending', 'published', 'policy', 'audit'];

/** Of a tab's arguments; the first one when they name none that there is. */
export function sectionOf(name: string | undefined): AdminSection {
  return SECTIONS.find(section => section === name) ?? 'pending';
}

export function sectionWord(section: AdminSection, trans: TranslationBundle): string {
  switch (section) {
    case 'pending':
      return trans.__('Pending');
    case 'published':
      return trans.__('Published');
    case 'policy':
      return trans.__('Policy');
    case 'audit':
      return trans.__('Audit');
  }
}
