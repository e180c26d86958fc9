import type { ApiError } from '../api/client';
import type { FieldError } from '../api/schemas';

/** The fields of the form, by the names that the server gives them in its answers. */
export type Field =
  | 'short_name'
  | 'full_name'
  | 'description'
  | 'base'
  | 'python_version'
  | 'conda_requirements'
  | 'pip_requirements';

/** In the order in which they stand in the form. */
export const FIELDS: readonly Field[] = [
  'short_name',
  'full_name',
  'description',
  'base',
  'python_version',
  'conda_requirements',
  'pip_requirements'
];

/** What is wrong with one field, or with one line of it, counted from 1; as the server tells it. */
export type IProblem = Omit<FieldError, 'field'> & { field: Field };

function isField(name: string): name is Field {
  return (FIELDS as readonly string[]).includes(name);
}

/** The faults of a refusal by their fields; none unless all of them can be told there. */
export function problemsIn({ code, errors, message }: ApiError): IProblem[] {
  const found: IProblem[] = errors.flatMap(({ field, ...rest }) =>
    isField(field) ? [{ field, ...rest }] : []
  );
  if (code === 'short_name_taken') {
    found.push({ field: 'short_name', line: null, text: null, message });
  }
  return found.length < errors.length ? [] : found;
}
