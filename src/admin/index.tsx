import * as React from 'react';

import { confirm } from '../actions/dialogs';
import { View } from '../ui/view';
import type { IWorkbench } from '../workbench';
import { Admin } from './admin';
import { PolicyDraft } from './policy/policyDraft';
import { sectionOf, sectionWord } from './sections';
// After the style sheet of reviews, which are a part of this.
import '../../style/admin.css';

export interface IAdminArgs {
  section?: string;
  /** Of the section "pending": the review that is looked at. */
  review?: string;
}

/** What administrators do: reviews, published environments, policy, audit trail. */
export function createAdmin(workbench: IWorkbench, args: IAdminArgs): View<IAdminArgs> {
  void workbench.environments.ensure();
  return new AdminView(workbench, args);
}

class AdminView extends View<IAdminArgs> {
  constructor(workbench: IWorkbench, args: IAdminArgs) {
    super(workbench, args);
    this.addClass('jp-DataflowEnvs-admin');
    this._policy = new PolicyDraft(workbench.client);
    this._tell();
  }

  /** Without a section, what is shown stays. */
  override open(args: IAdminArgs): void {
    super.open(args.section === undefined ? this.args : args);
    this._tell();
  }

  async mayClose(): Promise<boolean> {
    const { trans } = this.workbench;
    if (!this._policy.state.changed) {
      return true;
    }
    const discard = await confirm({
      title: trans.__('Discard the changes of the policy?'),
      text: [trans.__('The policy was changed here, and the changes were not saved.')],
      accept: trans.__('Discard Changes'),
      danger: true,
      trans
    });
    if (discard) {
      this._policy.discard();
    }
    return discard;
  }

  protected draw(args: IAdminArgs): JSX.Element {
    return <Admin args={args} policy={this._policy} onShow={shown => this.showArgs(shown)} />;
  }

  /** The tab hears by its caption that it shows something else, and keeps that for a reload. */
  private _tell(): void {
    const { trans } = this.workbench;
    const { review, section } = this.args;
    const word = sectionWord(sectionOf(section), trans);
    this.title.caption = review ? trans.__('%1: review %2', word, review) : word;
  }

  private readonly _policy: PolicyDraft;
}
