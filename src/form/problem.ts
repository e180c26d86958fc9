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

export function isField(name: string): name is Field {
  return (FIELDS as readonly string[]).includes(name);
}
