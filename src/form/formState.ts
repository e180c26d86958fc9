import type { Environment, Me } from '../api/schemas';
import type { IImport } from './imported';
import type { INameState } from './nameCheck';
import type { Field, IProblem } from './problem';
import { EMPTY, type IValues } from './values';

export interface IFormState {
  readonly phase: 'loading' | 'ready' | 'failed';
  /** Why there is nothing to fill in. */
  readonly error: unknown;
  readonly me: Me | null;
  readonly values: IValues;
  readonly touched: ReadonlySet<Field>;
  /** All, of touched fields or not, in the order of the fields. */
  readonly problems: readonly IProblem[];
  /** Of the short name as it stands there: `null` while nobody has asked. */
  readonly nameIs: INameState['is'];
  readonly pythons: readonly string[];
  readonly saving: 'save' | 'build' | null;
  /** What was asked for and not done because of problems, until these are solved. */
  readonly blocked: 'save' | 'preview' | null;
  /** Why it was not saved, where no field is to blame; and why a file could not be read. */
  readonly refusal: { readonly of: 'save' | 'import'; readonly error: unknown } | null;
  readonly reading: boolean;
  readonly imported: IImport | null;
  /** When what stands there was typed, if the page was loaded again since. */
  readonly restoredAt: string | null;
  /** The environment as somebody else has changed it; `refused`: that kept this from being saved. */
  readonly theirs: { readonly environment: Environment; readonly refused: boolean } | null;
}

/** Of a form that was just opened. */
export const LOADING: IFormState = {
  phase: 'loading',
  error: null,
  me: null,
  values: EMPTY,
  touched: new Set(),
  problems: [],
  nameIs: null,
  pythons: [],
  saving: null,
  blocked: null,
  refusal: null,
  reading: false,
  imported: null,
  restoredAt: null,
  theirs: null
};
