import type { TranslationBundle } from '@jupyterlab/translation';

/** Of a rule of the policy, by its field's name. */
export function ruleWord(rule: string, trans: TranslationBundle): string {
  switch (rule) {
    case 'channels':
      return trans.__('Allowed channels');
    case 'indexes':
      return trans.__('Allowed indexes');
    case 'denied_packages':
      return trans.__('Denied packages');
    case 'required_packages':
      return trans.__('Required packages');
    case 'python_versions':
      return trans.__('Python versions offered');
    case 'max_environments':
      return trans.__('Most environments a person');
    case 'max_versions':
      return trans.__('Most versions kept');
    case 'max_bytes':
      return trans.__('Most disk space a person');
    default:
      return rule;
  }
}
