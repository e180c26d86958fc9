import type { JupyterFrontEnd } from '@jupyterlab/application';

declare global {
  interface Window {
    jupyterapp: JupyterFrontEnd;
  }
}
