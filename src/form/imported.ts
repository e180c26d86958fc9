import type { Imported } from '../api/schemas';
import type { IValues } from './values';

/** A file that was read into the form. */
export interface IImport {
  account: Imported;
  /** What stood in the form before. */
  before: IValues;
  /** Whether libraries that stood there made way. */
  replaced: boolean;
  /** The file's Python, which makes way for that of the base. */
  pythonLeftOut: string | null;
}

/** What the form holds once another tool's file is read into it: the file's libraries, and of all else what was missing. */
export function filledFrom(account: Imported, before: IValues): IValues {
  const { spec } = account;
  return {
    ...before,
    shortName: before.shortName || (spec.short_name ?? ''),
    fullName: before.fullName || spec.full_name,
    pythonVersion: (!before.base && spec.python_version) || before.pythonVersion,
    conda: spec.conda_requirements.join('\n'),
    pip: spec.pip_requirements.join('\n')
  };
}

export function importOf(account: Imported, before: IValues): IImport {
  const replaced = Boolean(before.conda.trim() || before.pip.trim());
  const pythonLeftOut = before.base ? account.spec.python_version : null;
  return { account, before, replaced, pythonLeftOut };
}
