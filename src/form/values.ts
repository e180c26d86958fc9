import type { Environment, EnvironmentSpec, PreviewRequest } from '../api/schemas';
import {
  checkDescription,
  checkFullName,
  checkLocalName,
  checkPythonVersion,
  checkShortName
} from './names';
import { type Field, FIELDS, type IProblem } from './problem';
import { pairProblems } from './requirement';

/** What the person has typed, as it stands in the fields; libraries one a line. */
export interface IValues {
  shortName: string;
  fullName: string;
  description: string;
  /** `mlenv@3`; empty for none. */
  base: string;
  pythonVersion: string;
  conda: string;
  pip: string;
}

export const EMPTY: IValues = {
  shortName: '',
  fullName: '',
  description: '',
  base: '',
  pythonVersion: '',
  conda: '',
  pip: ''
};

/** Of which fields the server may speak when it means that value. */
export const FIELDS_OF: Record<keyof IValues, readonly Field[]> = {
  shortName: ['short_name'],
  fullName: ['full_name'],
  description: ['description'],
  base: ['base', 'python_version'],
  pythonVersion: ['python_version'],
  // A name that stands in both is told of the second.
  conda: ['conda_requirements', 'pip_requirements'],
  pip: ['pip_requirements']
};

/** What a solve depends on. */
export const SOLVED: readonly Field[] = [
  'base',
  'python_version',
  'conda_requirements',
  'pip_requirements'
];

export function valuesOf(environment: Environment): IValues {
  const { base } = environment;
  return {
    shortName: environment.short_name,
    fullName: environment.full_name,
    description: environment.description,
    base: base ? baseKey(base.short_name, base.version) : '',
    pythonVersion: environment.python_version ?? '',
    conda: environment.conda_requirements.join('\n'),
    pip: environment.pip_requirements.join('\n')
  };
}

export function hasText(values: IValues, field: Field): boolean {
  return (Object.keys(FIELDS_OF) as (keyof IValues)[]).some(
    key => FIELDS_OF[key][0] === field && values[key] !== ''
  );
}

export function isEqual(left: IValues, right: IValues): boolean {
  return (Object.keys(EMPTY) as (keyof IValues)[]).every(key => left[key] === right[key]);
}

export function baseKey(shortName: string, version: number): string {
  return `${shortName}@${version}`;
}

export function baseOf(key: string): { short_name: string; version: number } | null {
  const at = key.lastIndexOf('@');
  return at < 0 ? null : { short_name: key.slice(0, at), version: Number(key.slice(at + 1)) };
}

/** The lines of a box, without the empty ones at its end; the others keep their numbers. */
export function linesOf(text: string): string[] {
  const trimmed = text.trimEnd();
  return trimmed ? trimmed.split('\n') : [];
}

/** What a build needs to know. */
export function requestOf(values: IValues): PreviewRequest {
  const base = baseOf(values.base);
  return {
    base,
    python_version: base ? null : values.pythonVersion.trim(),
    conda_requirements: linesOf(values.conda),
    pip_requirements: linesOf(values.pip)
  };
}

export function specOf(values: IValues): EnvironmentSpec {
  const { base, python_version, conda_requirements, pip_requirements } = requestOf(values);
  return {
    short_name: values.shortName.trim(),
    full_name: values.fullName,
    description: values.description,
    base,
    python_version,
    conda_requirements: conda_requirements ?? [],
    pip_requirements: pip_requirements ?? []
  };
}

/** What can be seen to be wrong without asking the server, in the order of the fields. */
export function problemsOf(values: IValues, extended: boolean, isLocal = false): IProblem[] {
  return inOrder([
    ...(isLocal
      ? checkLocalName(values.shortName)
      : [
          ...checkShortName(values.shortName),
          ...checkFullName(values.fullName),
          ...checkDescription(values.description)
        ]),
    ...(values.base ? [] : checkPythonVersion(values.pythonVersion)),
    ...pairProblems(linesOf(values.conda), linesOf(values.pip), extended)
  ]);
}

export function inOrder(problems: readonly IProblem[]): IProblem[] {
  return [...problems].sort(
    (a, b) => FIELDS.indexOf(a.field) - FIELDS.indexOf(b.field) || (a.line ?? 0) - (b.line ?? 0)
  );
}
