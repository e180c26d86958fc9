import '../../style/detail.css';

import * as React from 'react';

import type { IEnvironmentArgs, Section } from '../tokens';
import { plain } from '../ui/plain';
import { statusWord } from '../ui/statusChip';
import { View } from '../ui/view';
import type { IWorkbench } from '../workbench';
import { Detail } from './detail';
import { DetailModel } from './model';

export type IDetailArgs = IEnvironmentArgs & { shortName: string };

/** The tab of one environment. */
export function createDetail(workbench: IWorkbench, args: IDetailArgs): View<IDetailArgs> {
  return new DetailView(workbench, args);
}

class DetailView extends View<IDetailArgs> {
  constructor(workbench: IWorkbench, args: IDetailArgs) {
    super(workbench, args);
    this.addClass('jp-DataflowEnvs-detail');
    const { client, environments } = workbench;
    this._model = new DetailModel(args.shortName, client, environments, args.version ?? null);
    this._model.stateChanged.connect(this._follow);
    this.node.addEventListener('focusin', this._onFocus);
    this._follow();
  }

  override dispose(): void {
    if (!this.isDisposed) {
      this.node.removeEventListener('focusin', this._onFocus);
      this._model.dispose();
    }
    super.dispose();
  }

  /** What the arguments leave out stays as it is. */
  override open({ shortName, section, version }: IDetailArgs): void {
    super.open({ shortName, section: section ?? this.args.section, version: this.args.version });
    if (version !== undefined) {
      this._model.choose(version);
    }
  }

  protected draw({ section }: IDetailArgs): JSX.Element {
    return (
      <Detail
        model={this._model}
        section={section ?? 'libraries'}
        onSection={chosen => this._showSection(chosen)}
      />
    );
  }

  protected override onActivateRequest(): void {
    super.onActivateRequest();
    this._onFocus();
  }

  private _showSection(section: Section): void {
    this.showArgs({ ...this.args, section });
  }

  private readonly _follow = (): void => {
    const { environment } = this._model.state;
    if (environment) {
      this.title.label = plain(environment.full_name);
      const status = statusWord(environment.status, this.workbench.trans);
      this.title.caption = `${environment.short_name} · ${status}`;
    }
    const version = this._model.wanted ?? undefined;
    if (version !== this.args.version) {
      this.showArgs({ ...this.args, version });
    }
  };

  private readonly _onFocus = (): void => {
    this.workbench.current = this.args.shortName;
  };

  private readonly _model: DetailModel;
}
