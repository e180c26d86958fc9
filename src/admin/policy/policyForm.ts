import type { FieldError, Policy, PolicyBody } from '../../api/schemas';

export type ListField = 'channels' | 'indexes' | 'required_packages' | 'python_versions';
export type NumberField = 'max_environments' | 'max_versions' | 'max_bytes';

export interface IDenied {
  readonly name: string;
  readonly specifier: string;
  readonly reason: string;
}

export const UNITS = ['MB', 'GB', 'TB'] as const;
export type Unit = (typeof UNITS)[number];
const BYTES: Record<Unit, number> = { MB: 1e6, GB: 1e9, TB: 1e12 };

/** The policy as it is typed: numbers as texts, empty for no limit; rows may still be empty. */
export interface IPolicyForm
  extends Readonly<Record<ListField, readonly string[]>>, Readonly<Record<NumberField, string>> {
  readonly denied_packages: readonly IDenied[];
  /** Of `max_bytes`. */
  readonly unit: Unit;
}

/** An error at the row of the form that it is about; `null`: the field as a whole. */
export interface IFormError {
  readonly field: string;
  readonly row: number | null;
  readonly message: string;
}

export function formOf(policy: Policy): IPolicyForm {
  const { max_bytes: bytes } = policy;
  const unit = [...UNITS].reverse().find(name => bytes !== null && bytes >= BYTES[name]) ?? 'MB';
  return {
    channels: policy.channels,
    indexes: policy.indexes,
    denied_packages: policy.denied_packages,
    required_packages: policy.required_packages,
    python_versions: policy.python_versions,
    max_environments: policy.max_environments?.toString() ?? '',
    max_versions: policy.max_versions?.toString() ?? '',
    max_bytes: bytes === null ? '' : String(bytes / BYTES[unit]),
    unit: bytes === null ? 'GB' : unit
  };
}

/** What the server is sent: without empty rows. A number that is none is left to `errorsOf`. */
export function bodyOf(form: IPolicyForm): PolicyBody {
  const kept = (rows: readonly string[]) => rows.map(row => row.trim()).filter(Boolean);
  return {
    channels: kept(form.channels),
    indexes: kept(form.indexes),
    required_packages: kept(form.required_packages),
    python_versions: kept(form.python_versions),
    denied_packages: form.denied_packages.filter(isFilled).map(({ name, specifier, reason }) => ({
      name: name.trim(),
      specifier: specifier.trim(),
      reason: reason.trim()
    })),
    max_environments: numberOf(form.max_environments),
    max_versions: numberOf(form.max_versions),
    max_bytes: numberOf(form.max_bytes, BYTES[form.unit])
  };
}

/** Fields whose text is no number: nothing that the server could be asked. */
export function unreadable(form: IPolicyForm): NumberField[] {
  return (['max_environments', 'max_versions', 'max_bytes'] as const).filter(
    field => form[field].trim() !== '' && numberOf(form[field]) === null
  );
}

/** The server counts the rows that it was sent; the form has empty ones in between. */
export function errorsAt(form: IPolicyForm, errors: readonly FieldError[]): IFormError[] {
  return errors.map(({ field, line, message }) => {
    const rows = rowsOf(form, field);
    const row = line === null ? null : (rows[line - 1] ?? null);
    return { field, row, message };
  });
}

function rowsOf(form: IPolicyForm, field: string): number[] {
  if (field === 'denied_packages') {
    return form.denied_packages.flatMap((row, at) => (isFilled(row) ? [at] : []));
  }
  const rows: unknown = form[field as ListField];
  return Array.isArray(rows)
    ? (rows as string[]).flatMap((row, at) => (row.trim() ? [at] : []))
    : [];
}

function isFilled({ name, specifier, reason }: IDenied): boolean {
  return [name, specifier, reason].some(text => text.trim() !== '');
}

function numberOf(text: string, factor = 1): number | null {
  const trimmed = text.trim();
  return /^\d+(\.\d+)?$/.test(trimmed) ? Math.round(Number(trimmed) * factor) : null;
}
