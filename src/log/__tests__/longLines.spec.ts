import { EditorState, Text } from '@codemirror/state';
import { EditorView } from '@codemirror/view';

import { leftOut, longLines, MORE, opening, openMore, SHOWN } from '../longLines';

/** Short enough that CodeMirror itself leaves nothing out, as it does of wrapped lines of 20,000. */
const LENGTH = 19_500;
const LONG = 'x'.repeat(LENGTH);

function viewOf(lines: string[]): EditorView {
  return new EditorView({
    parent: document.body,
    state: EditorState.create({
      doc: Text.of(lines),
      extensions: [longLines(), EditorView.lineWrapping]
    })
  });
}

/** What stands in place of text, in order. */
function buttons(view: EditorView): string[] {
  return [...view.dom.querySelectorAll('button')].map(button => button.textContent!);
}

function shown(view: EditorView): string {
  const copy = view.contentDOM.cloneNode(true) as HTMLElement;
  copy.querySelectorAll('button').forEach(button => button.remove());
  return copy.textContent!;
}

/** How much is left out at each place, also where nothing is drawn. */
function lengths(view: EditorView): number[] {
  const found: number[] = [];
  for (const left of view.state.facet(EditorView.atomicRanges)) {
    left(view).between(0, view.state.doc.length, (from, to) => void found.push(to - from));
  }
  return found;
}

describe('leftOut', () => {
  const doc = Text.of(['short', LONG]);
  const line = doc.line(2);

  it('leaves short lines whole, and those that are hardly longer', () => {
    expect(leftOut(doc, doc.line(1), [])).toEqual([]);
    expect(leftOut(Text.of([LONG]), { from: 0, to: SHOWN + 100 }, [])).toEqual([]);
  });

  it('leaves out the rest of a long one, but not what was asked for', () => {
    const from = line.from + SHOWN;
    expect(leftOut(doc, line, [])).toEqual([{ from, to: line.to }]);
    expect(leftOut(doc, line, [{ from, to: from + 100 }])).toEqual([
      { from: from + 100, to: line.to }
    ]);
    expect(leftOut(doc, line, [{ from: 10_000, to: 12_000 }])).toEqual([
      { from, to: 10_000 },
      { from: 12_000, to: line.to }
    ]);
    expect(leftOut(doc, line, [{ from, to: line.to + 10 }])).toEqual([]);
  });

  it('cuts no character in two', () => {
    const text = Text.of([`x${'😀'.repeat(10_000)}`]);
    const [{ from }] = leftOut(text, text.line(1), []);
    expect(text.sliceString(from, from + 2)).toBe('😀');
  });
});

describe('longLines', () => {
  let view: EditorView;

  afterEach(() => view.destroy());

  it('draws a part, and more of it for each press of the button', () => {
    view = viewOf(['first', LONG]);
    expect(shown(view)).toHaveLength(SHOWN + 'first'.length);
    expect(buttons(view)).toEqual(['Show 10,000 of 17,500 more characters']);
    view.dom.querySelector('button')!.click();
    expect(buttons(view)).toEqual(['Show 7,500 more characters']);
    expect(shown(view)).toHaveLength(SHOWN + MORE + 'first'.length);
    view.dom.querySelector('button')!.click();
    expect(buttons(view)).toEqual([]);
    expect(view.state.doc.line(2).text).toBe(LONG);
  });

  it('shows more by keyboard, of the line that the cursor is in', () => {
    view = viewOf(['first', LONG]);
    expect(openMore(view)).toBe(false);
    view.dispatch({ selection: { anchor: view.state.doc.line(2).from } });
    expect(openMore(view)).toBe(true);
    expect(buttons(view)).toEqual(['Show 7,500 more characters']);
  });

  it('opens what is to be seen, with something around it', () => {
    view = viewOf(['first', LONG]);
    expect(opening(view.state, { from: 0, to: 100 })).toEqual([]);
    view.dispatch({ effects: opening(view.state, { from: 10_000, to: 10_010 }) });
    expect(opening(view.state, { from: 10_000, to: 10_010 })).toEqual([]);
    expect(buttons(view)).toHaveLength(2);
  });

  it('keeps what is open while the line grows, and leaves out what comes', () => {
    view = viewOf(['first', 'x'.repeat(SHOWN + 1000)]);
    view.dom.querySelector('button')!.click();
    expect(buttons(view)).toEqual([]);
    const append = (insert: string) =>
      view.dispatch({ changes: { from: view.state.doc.length, insert } });
    append('y'.repeat(8_000));
    expect(buttons(view)).toHaveLength(1);
    expect(shown(view)).toHaveLength('first'.length + SHOWN + 1000);
    append('\nnext\n');
    append(LONG);
    expect(lengths(view)).toEqual([8_000, LENGTH - SHOWN]);
  });

  it('forgets a line that is overwritten', () => {
    view = viewOf(['first', LONG]);
    view.dispatch({ changes: { from: 6, to: view.state.doc.length, insert: 'short' } });
    expect(buttons(view)).toEqual([]);
    expect(shown(view)).toBe('firstshort');
  });
});
