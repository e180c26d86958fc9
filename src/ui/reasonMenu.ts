import type { LabIcon } from '@jupyterlab/ui-components';
import { MenuSvg } from '@jupyterlab/ui-components';
import { CommandRegistry } from '@lumino/commands';
import { h, type VirtualElement } from '@lumino/virtualdom';
import type { Menu } from '@lumino/widgets';

/** One thing that a menu offers. */
export interface IMenuEntry {
  label: string;
  icon?: LabIcon;
  /** Why it can't be chosen now; an empty one when nobody says why. */
  refusal?: string | null;
  /** Whether it carries a check mark. */
  chosen?: boolean;
  onChoose: () => void;
}

/** `null` separates groups. */
export type MenuEntries = readonly (IMenuEntry | null)[];

/**
 * Open a menu whose entries say why they can't be chosen: they can be focused, and the reason stands below them and is
 * their accessible description. When the menu closes, with a choice or without, the focus goes back where it was.
 *
 * @param at - the button that it belongs to, or a point of the page
 * @param back - what gets the focus then, if it is not what had it before
 */
export function openMenu(
  label: string,
  entries: MenuEntries,
  at: HTMLElement | { x: number; y: number },
  back: Element | null = at instanceof HTMLElement ? at : document.activeElement
): void {
  const menu = new ReasonMenu(label, entries);
  menu.aboutToClose.connect(() => {
    if (back instanceof HTMLElement && back.isConnected) {
      back.focus({ preventScroll: true });
    }
    // Not while it closes itself: it executes the command after that.
    window.setTimeout(() => menu.dispose());
  });
  if (at instanceof HTMLElement) {
    const { left, bottom } = at.getBoundingClientRect();
    // Not over its button, where there is more room below it than above.
    menu.open(left, bottom + 2, { forceY: bottom < window.innerHeight / 2 });
  } else {
    menu.open(at.x, at.y);
  }
}

class ReasonMenu extends MenuSvg {
  constructor(label: string, entries: MenuEntries) {
    const commands = new CommandRegistry();
    const refusals = new Map<string, string>();
    super({ commands, renderer: new ReasonRenderer(refusals) });
    this._refusals = refusals;
    this.addClass('jp-DataflowEnvs-menu');
    this.contentNode.setAttribute('aria-label', label);
    const isSeparator = (index: number) => (entries[index] ?? null) === null;
    entries.forEach((entry, index) => {
      if (entry === null) {
        if (index > 0 && !isSeparator(index - 1)) {
          this.addItem({ type: 'separator' });
        }
        return;
      }
      const command = `entry-${index}`;
      commands.addCommand(command, {
        label: entry.label,
        icon: entry.icon,
        isToggled: entry.chosen ? () => true : undefined,
        execute: entry.onChoose
      });
      if (entry.refusal !== undefined && entry.refusal !== null) {
        refusals.set(command, entry.refusal);
      }
      this.addItem({ command });
    });
  }

  override triggerActiveItem(): void {
    const command = this.activeItem?.command;
    if (command === undefined || !this._refusals.has(command)) {
      super.triggerActiveItem();
    }
  }

  private readonly _refusals: ReadonlyMap<string, string>;
}

/** Lumino lets nobody reach what is disabled; here it is only drawn so, and says why. */
class ReasonRenderer extends MenuSvg.Renderer {
  constructor(private readonly _refusals: ReadonlyMap<string, string>) {
    super();
  }

  override renderItem(data: Menu.IRenderData): VirtualElement {
    const { command, type } = data.item;
    if (type === 'separator') {
      // Lumino's own can be focused, which nothing to choose should be.
      return h.li(
        {
          className: this.createItemClass(data),
          dataset: this.createItemDataset(data),
          role: 'separator'
        },
        this.renderIcon(data),
        this.renderLabel(data),
        this.renderShortcut(data),
        this.renderSubmenu(data)
      );
    }
    const refusal = this._refusals.get(command);
    if (refusal === undefined) {
      return super.renderItem(data);
    }
    const id = `jp-dataflow-envs-refusal-${command}`;
    const label = `jp-dataflow-envs-label-${command}`;
    return h.li(
      {
        className: `${this.createItemClass(data)} lm-mod-disabled`,
        dataset: this.createItemDataset(data),
        tabindex: '0',
        onfocus: data.onfocus,
        ...this.createItemARIA(data),
        'aria-disabled': 'true',
        'aria-labelledby': label,
        ...(refusal ? { 'aria-describedby': id } : {})
      },
      this.renderIcon(data),
      h.div(
        { className: 'lm-Menu-itemLabel' },
        h.span({ id: label }, this.formatLabel(data)),
        refusal && h.span({ id, className: 'jp-DataflowEnvs-refusal' }, refusal)
      ),
      this.renderShortcut(data),
      this.renderSubmenu(data)
    );
  }
}
