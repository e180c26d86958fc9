import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';

import { IDataflowEnvironments } from '../tokens';
import type { Toasts } from './toasts';

export const toasts: JupyterFrontEndPlugin<void> = {
  id: 'jupyter_dataflow_envs:toasts',
  description: 'Notifications of builds that one started, of reviews, and of what one uses.',
  autoStart: true,
  requires: [IDataflowEnvironments],
  activate: (app: JupyterFrontEnd, shared: IDataflowEnvironments): void => {
    const { client, events, settings } = shared;
    let loading: Promise<Toasts> | null = null;
    let loaded: Toasts | null = null;
    const tell = (what: (toasts: Toasts) => void): void => {
      loading ??= import(/* webpackChunkName: "toasts" */ './toasts').then(({ Toasts }) => {
        loaded = new Toasts(shared, app.commands);
        return loaded;
      });
      loading.then(what).catch(reason => {
        loading = null;
        console.error('The notifications of Dataflow Environments could not be loaded.', reason);
      });
    };
    events.happened.connect((_, event) => {
      if (settings.get('toasts') && CONCERNS.test(event.kind)) {
        tell(toasts => toasts.happened(event));
      }
    });
    events.progressed.connect((_, frame) => loaded?.progressed(frame));
    const findRunning = async () => {
      const running = await client
        .environments({ status: 'In Progress', mine: true, background: true })
        .catch(() => null);
      for (const environment of running?.items ?? []) {
        tell(toasts => void toasts.found(environment));
      }
    };
    // The first connection, after a reload too: builds that run were started before.
    events.stale.connect(() => void (settings.get('toasts') && findRunning()));
  }
};

const CONCERNS = /^(build\.|review\.|environment\.deprecated$)/;
