import { LabIcon } from '@jupyterlab/ui-components';

import environmentsSvg from '../style/icons/environments.svg';
import kernelSvg from '../style/icons/kernel.svg';

export const environmentsIcon = new LabIcon({
  name: 'jupyter_dataflow_envs:environments',
  svgstr: environmentsSvg
});

/** Of kernels in the launcher: in colour, as those of other kernels are. */
export const kernelIcon = new LabIcon({
  name: 'jupyter_dataflow_envs:kernel',
  svgstr: kernelSvg
});
