import type { IFormArgs } from '../tokens';
import type { IWorkbench } from '../workbench';
import { FULL_LIMIT } from './names';
import { baseKey, EMPTY, type IValues, valuesOf } from './values';

/** What a form is opened with. */
export interface IStart {
  values: IValues;
  /** Of the environment that is edited. */
  etag: string | null;
}

/** Rejects as the client does, and when there is no such environment that the person may see. */
export async function startOf(
  { base, mode, shortName }: IFormArgs,
  { environments, trans }: Pick<IWorkbench, 'environments' | 'trans'>
): Promise<IStart> {
  const name = mode === 'new' ? base : shortName;
  if (name === undefined) {
    return { values: EMPTY, etag: null };
  }
  const found = await environments.read(name);
  if (!found) {
    throw new Error(trans.__('There is no environment "%1" that you can see.', name));
  }
  if (mode === 'new') {
    const version = found.usable_version;
    const key = version === null ? '' : baseKey(name, version);
    return { values: { ...EMPTY, base: key }, etag: null };
  }
  if (mode === 'edit') {
    return { values: valuesOf(found), etag: found.etag };
  }
  const copy = trans.__('%1 (copy)', found.full_name);
  const fullName = copy.length > FULL_LIMIT ? found.full_name : copy;
  return { values: { ...valuesOf(found), shortName: '', fullName }, etag: null };
}
