import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { type ISessionContext, ISessionContextDialogs } from '@jupyterlab/apputils';
import { IStatusBar } from '@jupyterlab/statusbar';
import { Signal } from '@lumino/signaling';
import { PanelLayout, Widget } from '@lumino/widgets';

import { localKernelOf, shortNameIn } from '../kernels/spec';
import { CommandIDs, IDataflowEnvironments } from '../tokens';
import type { KernelStatusModel } from './model';

export const statusbar: JupyterFrontEndPlugin<void> = {
  id: 'jupyter_dataflow_envs:status',
  description: 'Environment and version of the notebook or console in front, in the status bar.',
  autoStart: true,
  requires: [IDataflowEnvironments],
  optional: [IStatusBar, ISessionContextDialogs],
  activate: (
    app: JupyterFrontEnd,
    shared: IDataflowEnvironments,
    bar: IStatusBar | null,
    dialogs: ISessionContextDialogs | null
  ): void => {
    if (!bar) {
      return;
    }
    const { settings, trans } = shared;
    const place = new Widget();
    const layout = (place.layout = new PanelLayout());
    const changed = new Signal<Widget, void>(place);
    let model: KernelStatusModel | null = null;
    let loading = false;
    let context: ISessionContext | null = null;

    const runsEnvironment = () => {
      const name = context?.session?.kernel?.name;
      const specs = app.serviceManager.kernelspecs.specs?.kernelspecs;
      return (
        shortNameIn(name) !== null || (name !== undefined && localKernelOf(specs?.[name]) !== null)
      );
    };
    const load = async () => {
      loading = true;
      try {
        const { createItem, KernelStatusModel } = await import(
          /* webpackChunkName: "status" */ './item'
        );
        model = new KernelStatusModel(shared);
        const restart = async () => {
          const current = model?.context;
          if (current) {
            await (dialogs ? dialogs.restart(current) : current.restartKernel());
          }
        };
        layout.addWidget(
          createItem({
            model,
            onOpen: shortName => void app.commands.execute(CommandIDs.open, { shortName }),
            onOpenLocal: id => void app.commands.execute(CommandIDs.openLocal, { id }),
            onRestart: () => void restart(),
            trans
          })
        );
        model.stateChanged.connect(() => changed.emit());
        model.context = context;
      } catch (error) {
        console.error('The status of environments could not be loaded.', error);
      }
    };
    const follow = () => {
      if (model) {
        model.context = context;
      } else if (!loading && settings.get('statusBar') && runsEnvironment()) {
        void load();
      }
      changed.emit();
    };
    const look = () => {
      context?.kernelChanged.disconnect(follow);
      context = contextOf(app.shell.currentWidget);
      context?.kernelChanged.connect(follow);
      follow();
    };
    bar.registerStatusItem('jupyter_dataflow_envs:status', {
      item: place,
      align: 'left',
      rank: 3,
      isActive: () => settings.get('statusBar') && Boolean(model?.state),
      activeStateChanged: changed
    });
    app.shell.currentChanged?.connect(look);
    settings.changed.connect(follow);
    void app.restored.then(look);
  }
};

/** Of a notebook or console. */
function contextOf(widget: Widget | null): ISessionContext | null {
  return (widget as { sessionContext?: ISessionContext } | null)?.sessionContext ?? null;
}
