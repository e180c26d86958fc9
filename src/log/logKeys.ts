import type { Extension } from '@codemirror/state';
import { type EditorView, keymap } from '@codemirror/view';

import { openMore } from './longLines';

/** The keys of a text that is read: they scroll, select, search, and show more of long lines. */
export function logKeys(onFind: () => void): Extension {
  return keymap.of([
    { key: 'Mod-f', run: () => (onFind(), true) },
    { key: 'Enter', run: openMore },
    { key: 'Mod-a', run: view => select(view, 0, view.state.doc.length, false) },
    {
      key: 'Mod-Home',
      run: view => select(view, 0, 0),
      shift: view => select(view, view.state.selection.main.anchor, 0)
    },
    {
      key: 'Mod-End',
      run: view => select(view, view.state.doc.length, view.state.doc.length),
      shift: view => select(view, view.state.selection.main.anchor, view.state.doc.length)
    },
    { key: 'PageUp', run: view => page(view, -1) },
    { key: 'PageDown', run: view => page(view, 1) },
    { key: 'ArrowUp', run: view => fetchCursor(view, false) },
    { key: 'ArrowDown', run: view => fetchCursor(view, true) }
  ]);
}

function page({ scrollDOM }: EditorView, pages: number): boolean {
  scrollDOM.scrollBy({ top: pages * 0.9 * scrollDOM.clientHeight });
  return true;
}

function select(view: EditorView, anchor: number, head: number, scrollIntoView = true): boolean {
  view.dispatch({ selection: { anchor, head }, scrollIntoView });
  return true;
}

/** The cursor begins where one looks, not where it was left. */
function fetchCursor(view: EditorView, first: boolean): boolean {
  const { scrollTop: top, clientHeight: height } = view.scrollDOM;
  const { from, to } = view.viewport;
  const { head } = view.state.selection.main;
  const block = view.lineBlockAtHeight(first ? top : top + height - view.defaultLineHeight);
  const shown = view.coordsAtPos(head);
  const frame = view.scrollDOM.getBoundingClientRect();
  if (head < from || head > to || !shown || shown.bottom < frame.top || shown.top > frame.bottom) {
    view.dispatch({ selection: { anchor: block.from } });
  }
  return false;
}
