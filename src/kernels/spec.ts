import type { KernelSpec } from '@jupyterlab/services';

const PREFIX = 'dataflow-';
const CATEGORY = 'Dataflow Environments';
/** What the server writes before the full name in kernelspecs, for programs that do not group kernels. */
const DISPLAY_PREFIX = 'Dataflow · ';

/** What the kernelspec of an environment says of it. */
export interface IDataflowKernel {
  shortName: string;
  fullName: string;
  /** The version that the next start takes; `null` when it is gone. */
  version: number | null;
}

export function kernelNameOf(shortName: string): string {
  return PREFIX + shortName;
}

/** The short name in the name of a kernel; `null` when that is not named like an environment's. */
export function shortNameIn(kernelName: string | undefined): string | null {
  return kernelName?.startsWith(PREFIX) ? kernelName.slice(PREFIX.length) : null;
}

/** The environment's full name in the display name of its kernel. */
export function fullNameIn(displayName: string): string {
  return displayName.startsWith(DISPLAY_PREFIX)
    ? displayName.slice(DISPLAY_PREFIX.length)
    : displayName;
}

/** What a kernelspec says of the environment it starts; `null` for every other kernelspec. */
export function dataflowKernelOf(
  spec: KernelSpec.ISpecModel | null | undefined
): IDataflowKernel | null {
  const told = spec?.metadata?.['dataflow_envs'];
  if (!spec || typeof told !== 'object' || told === null || Array.isArray(told)) {
    return null;
  }
  const { category, short_name: shortName, version } = told as Record<string, unknown>;
  if (category !== CATEGORY || typeof shortName !== 'string') {
    return null;
  }
  return {
    shortName,
    fullName: fullNameIn(spec.display_name),
    version: typeof version === 'number' ? version : null
  };
}

const LOCAL_CATEGORY = 'Local Environments';

/** Which Local environment a kernelspec was registered for; `null` for every other kernelspec. */
export function localKernelOf(
  spec: KernelSpec.ISpecModel | null | undefined
): { id: string; name: string } | null {
  const told = spec?.metadata?.['dataflow_envs'] as Record<string, unknown> | null | undefined;
  const { category, local_id: id, name } = told ?? {};
  return category === LOCAL_CATEGORY && typeof id === 'string' && typeof name === 'string'
    ? { id, name }
    : null;
}

export type KernelGroup = 'dataflow' | 'local';

/** In which of the first two groups of launcher and kernel picker a kernel stands; `null`: where JupyterLab has it. */
export function groupOf(spec: KernelSpec.ISpecModel | null | undefined): KernelGroup | null {
  if (dataflowKernelOf(spec)) {
    return 'dataflow';
  }
  return spec?.language === 'python' ? 'local' : null;
}
