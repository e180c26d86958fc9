import { ApiError } from '../api/client';
import type { Local, ShortNameAvailability } from '../api/schemas';
import { LOCAL_LIMIT } from '../form/names';
import { type IValues, specOf } from '../form/values';
import type { IWorkbench } from '../workbench';

/** Who knows whether a name is still to be had. */
export interface INames {
  shortName(name: string): Promise<Pick<ShortNameAvailability, 'available' | 'message'>>;
}

/** The names of those made here, which no other may have; they are known without asking the server. */
export function localNames({ local, trans }: Pick<IWorkbench, 'local' | 'trans'>): INames {
  return {
    shortName: async name => {
      await local.ensure();
      const taken = takenNames(local);
      const message = taken.has(name)
        ? trans.__(
            'You have a Local environment of that name already; %1 is free.',
            freeName(name, taken)
          )
        : null;
      return { available: message === null, message };
    }
  };
}

/** The names of those made here. */
export function takenNames({ state }: Pick<IWorkbench['local'], 'state'>): ReadonlySet<string> {
  return new Set(state.locals?.filter(({ kind }) => kind === 'made').map(({ name }) => name));
}

/** The name itself if nobody has it, else with the first free number after it. */
export function freeName(name: string, taken: ReadonlySet<string>): string {
  let free = name;
  for (let number = 2; taken.has(free); number += 1) {
    const ending = `-${number}`;
    free = name.slice(0, LOCAL_LIMIT - ending.length) + ending;
  }
  return free;
}

/**
 * Begin to make what stands in the form. Rejects as the client does, with the names that the form has for its fields.
 */
export async function createLocal(
  { local }: Pick<IWorkbench, 'local'>,
  values: IValues
): Promise<Local> {
  try {
    const { base, python_version, conda_requirements, pip_requirements, short_name } =
      specOf(values);
    const made = await local.routes.createLocal({
      name: short_name,
      base,
      python_version,
      conda_requirements,
      pip_requirements
    });
    local.put(made);
    return made;
  } catch (error) {
    if (!(error instanceof ApiError)) {
      throw error;
    }
    const { code, errors, message, more, status } = error;
    const field = (name: string) => (name === 'name' ? 'short_name' : name);
    throw new ApiError(
      status,
      code === 'local_name_taken' ? 'short_name_taken' : code,
      message,
      errors.map(problem => ({ ...problem, field: field(problem.field) })),
      more
    );
  }
}
