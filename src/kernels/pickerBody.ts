import type { Dialog, ISessionContext } from '@jupyterlab/apputils';
import type { ITranslator, TranslationBundle } from '@jupyterlab/translation';
import { UUID } from '@lumino/coreutils';
import { Debouncer } from '@lumino/polling';
import { Widget } from '@lumino/widgets';

import type { ApiClient } from '../api/client';
import type { Environment } from '../api/schemas';
import { type Choice, filterGroups, type IGroup, isOffered, kernelGroups } from './options';

/** With more to choose from there is a box to filter by. */
const MANY = 12;
const PAGE = 100;
/** Milliseconds after the last key before the server is asked. */
const PAUSE = 200;

export interface IPickerBodyOptions {
  context: ISessionContext;
  client: Pick<ApiClient, 'environments'>;
  /** Said above: why it is asked. */
  notice: readonly string[];
  translator: ITranslator;
  trans: TranslationBundle;
}

/**
 * The kernels to choose from. Those that are there show at once; what could be activated follows when the server has
 * told, and is asked anew for what is typed, as it may be more than one page.
 */
export class PickerBody extends Widget implements Dialog.IBodyWidget<Choice> {
  constructor(private readonly _options: IPickerBodyOptions) {
    super();
    const { context, notice, translator, trans } = _options;
    this.addClass('jp-DataflowEnvs-picker');
    for (const sentence of notice) {
      const paragraph = document.createElement('p');
      paragraph.className = 'jp-DataflowEnvs-pickerNotice';
      paragraph.textContent = sentence;
      this.node.append(paragraph);
    }
    const id = UUID.uuid4();
    const label = document.createElement('label');
    label.htmlFor = this._select.id = `${id}-kernel`;
    // JupyterLab's own words.
    label.textContent = `${translator.load('jupyterlab').__('Select kernel for:')} "${context.name}"`;
    this._filter.type = 'search';
    this._filter.className = 'jp-DataflowEnvs-pickerFilter jp-mod-styled';
    this._filter.placeholder = trans.__('Filter kernels…');
    this._filter.setAttribute('aria-label', trans.__('Filter kernels'));
    this._filter.setAttribute('aria-controls', this._select.id);
    this._filter.hidden = true;
    this._filter.addEventListener('input', () => {
      this._draw();
      void this._asking.invoke();
    });
    this._status.className = 'jp-DataflowEnvs-pickerStatus';
    this._status.setAttribute('role', 'status');
    this.node.append(label, this._filter, this._select, this._status);
    this._draw();
    void this._ask();
  }

  override dispose(): void {
    this._asking.dispose();
    super.dispose();
  }

  getValue(): Choice {
    return this._choices[this._select.selectedIndex] ?? null;
  }

  private async _ask(): Promise<void> {
    const { client, context } = this._options;
    const words = this._words();
    if (words === '' ? this._asked : !this._hasMore) {
      return;
    }
    try {
      const page = await client.environments({
        q: words || undefined,
        limit: PAGE,
        background: true
      });
      if (this.isDisposed) {
        return;
      }
      if (words === '') {
        this._asked = true;
        this._hasMore = page.next !== null;
      }
      for (const environment of page.items) {
        if (isOffered(environment, context)) {
          this._offered.set(environment.short_name, environment);
        }
      }
      this._draw();
    } catch {
      // The kernels that are there can be chosen without the server's list.
    }
  }

  private _draw(): void {
    const { context, translator, trans } = this._options;
    const { groups, disabled } = kernelGroups(
      context,
      [...this._offered.values()],
      translator,
      trans
    );
    const count = groups.reduce((sum, { options }) => sum + options.length, 0);
    this._filter.hidden &&= count <= MANY && !this._hasMore;
    this._select.disabled = disabled;
    this._show(filterGroups(groups, this._words()));
  }

  private _show(groups: readonly IGroup[]): void {
    const chosen = JSON.stringify(this._choices[this._select.selectedIndex]);
    const isRedrawn = this._choices.length > 0;
    this._choices = groups.flatMap(({ options }) => options.map(({ choice }) => choice));
    this._select.replaceChildren(
      ...groups.map(({ label, options }) => {
        const group = document.createElement('optgroup');
        group.label = label;
        for (const { text, title, selected, choice } of options) {
          const option = document.createElement('option');
          option.text = text;
          option.title = title ?? '';
          option.selected = isRedrawn ? JSON.stringify(choice) === chosen : selected;
          group.append(option);
        }
        return group;
      })
    );
    const { trans } = this._options;
    this._status.textContent =
      this._words() === ''
        ? ''
        : trans._n('%1 kernel matches', '%1 kernels match', this._choices.length);
  }

  private _words(): string {
    return this._filter.value.trim();
  }

  private readonly _asking = new Debouncer(() => this._ask(), PAUSE);
  private readonly _filter = document.createElement('input');
  private readonly _offered = new Map<string, Environment>();
  private readonly _select = document.createElement('select');
  private readonly _status = document.createElement('span');
  private _asked = false;
  private _choices: readonly Choice[] = [];
  private _hasMore = false;
}
