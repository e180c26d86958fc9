import type { KernelSpec } from '@jupyterlab/services';
import * as React from 'react';

/** A Python of this Jupyter server that is none of the deployment's environments. */
export interface ILocalKernel {
  name: string;
  displayName: string;
}

/** By their display names. */
export function localKernels(specs: KernelSpec.ISpecModels | null): readonly ILocalKernel[] | null {
  if (specs === null) {
    return null;
  }
  return Object.values(specs.kernelspecs)
    .filter(spec => spec !== undefined)
    .filter(({ language, metadata }) => {
      const ours = metadata?.dataflow_envs as { category?: string } | undefined;
      return language.toLowerCase() === 'python' && ours?.category !== 'Dataflow Environments';
    })
    .map(({ name, display_name }) => ({ name, displayName: display_name }))
    .sort((a, b) => a.displayName.localeCompare(b.displayName));
}

/** What there is now; `null` until the server has said. */
export function useLocalKernels(source: KernelSpec.IManager): readonly ILocalKernel[] | null {
  const [specs, setSpecs] = React.useState(source.specs);
  React.useEffect(() => {
    const follow = () => setSpecs(source.specs);
    follow();
    source.specsChanged.connect(follow);
    return () => void source.specsChanged.disconnect(follow);
  }, [source]);
  return React.useMemo(() => localKernels(specs), [specs]);
}
