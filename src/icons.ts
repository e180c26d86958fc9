import { LabIcon } from '@jupyterlab/ui-components';

import environmentsSvg from '../style/icons/environments.svg';

export const environmentsIcon = new LabIcon({
  name: 'jupyter_dataflow_envs:environments',
  svgstr: environmentsSvg
});
