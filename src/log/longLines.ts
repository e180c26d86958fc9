import {
  type EditorState,
  type Extension,
  type Range,
  StateEffect,
  StateField,
  type Text
} from '@codemirror/state';
import {
  Decoration,
  type DecorationSet,
  EditorView,
  type ViewUpdate,
  WidgetType
} from '@codemirror/view';

/** Of a line, in UTF-16 units: what is drawn of it before anybody asks for more. */
export const SHOWN = 2000;
/** What is drawn more when somebody asks. */
export const MORE = 10_000;
/** Less is not worth a button. */
const LEAST = 500;

export interface IPart {
  from: number;
  to: number;
}

interface ILongLines {
  /** What has been asked for, in the order of the text. */
  opened: readonly IPart[];
  left: DecorationSet;
}

const openPart = StateEffect.define<IPart>();

/**
 * Of long lines only a part is drawn, and behind it a button that shows more: to lay out 20,000 characters takes longer
 * than a frame may, and a line can be as long as the log. The text itself is whole: it is searched and copied as such.
 */
export function longLines(): Extension {
  return field;
}

/** What lets this part of the text be seen; nothing when it is. */
export function opening(state: EditorState, { from, to }: IPart): StateEffect<IPart>[] {
  let hidden = false;
  state.field(field).left.between(from, to, (start, end) => {
    hidden ||= start < to && end > from;
  });
  return hidden ? [openPart.of({ from: from - SHOWN / 2, to: to + SHOWN / 2 })] : [];
}

/** Whether somebody has asked for more. */
export function hasOpened(update: ViewUpdate): boolean {
  return update.transactions.some(({ effects }) => effects.some(effect => effect.is(openPart)));
}

/** Shows more of the line that the cursor is in. @returns whether there was more */
export function openMore(view: EditorView): boolean {
  const { doc, selection } = view.state;
  const line = doc.lineAt(selection.main.head);
  let first: number | null = null;
  view.state.field(field).left.between(line.from, line.to, from => {
    first ??= from;
    return undefined;
  });
  if (first === null) {
    return false;
  }
  openAt(view, first);
  return true;
}

/** What is left out of a line, in its order. */
export function leftOut(doc: Text, line: IPart, opened: readonly IPart[]): IPart[] {
  const parts: IPart[] = [];
  let at = line.from + SHOWN;
  const leave = (end: number) => {
    if (end - at >= LEAST) {
      parts.push({ from: whole(doc, at), to: end === line.to ? end : whole(doc, end) });
    }
  };
  for (const { from, to } of opened) {
    if (from >= line.to) {
      break;
    }
    if (to > at) {
      leave(from);
      at = to;
    }
  }
  leave(line.to);
  return parts;
}

class Rest extends WidgetType {
  constructor(private readonly _length: number) {
    super();
  }

  override eq(other: Rest): boolean {
    return other._length === this._length;
  }

  override toDOM(view: EditorView): HTMLElement {
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'jp-DataflowEnvs-logRest';
    const length = this._length.toLocaleString();
    button.textContent =
      this._length > MORE
        ? view.state.phrase('Show $1 of $2 more characters', MORE.toLocaleString(), length)
        : view.state.phrase('Show $1 more characters', length);
    button.addEventListener('click', () => openAt(view, view.posAtDOM(button)));
    return button;
  }

  override ignoreEvent(): boolean {
    return true;
  }
}

const field = StateField.define<ILongLines>({
  create: ({ doc }) => ({ opened: [], left: Decoration.set(leftIn(doc, 1, doc.lines, [])) }),
  update: ({ opened, left }, { changes, effects, startState, newDoc }) => {
    const look = (from: number, to: number) => {
      const [first, last] = [newDoc.lineAt(from), newDoc.lineAt(to)];
      left = left.update({
        filter: () => false,
        filterFrom: first.from,
        filterTo: last.to,
        add: leftIn(newDoc, first.number, last.number, opened)
      });
    };
    if (!changes.empty) {
      let from = startState.doc.length;
      changes.iterChangedRanges(start => (from = Math.min(from, start)));
      opened = opened.filter(part => part.to <= from);
      left = left.map(changes);
      // A log changes only at its end.
      look(from, newDoc.length);
    }
    for (const effect of effects) {
      if (effect.is(openPart)) {
        const part = {
          from: Math.max(0, effect.value.from),
          to: Math.min(newDoc.length, effect.value.to)
        };
        opened = [...opened, part].sort((a, b) => a.from - b.from);
        look(part.from, part.to);
      }
    }
    return { opened, left };
  },
  provide: self => [
    EditorView.decorations.from(self, ({ left }) => left),
    EditorView.atomicRanges.of(view => view.state.field(self).left)
  ]
});

function leftIn(
  doc: Text,
  first: number,
  last: number,
  opened: readonly IPart[]
): Range<Decoration>[] {
  const ranges: Range<Decoration>[] = [];
  let { from } = doc.line(first);
  for (const text of doc.iterLines(first, last + 1)) {
    const to = from + text.length;
    if (text.length > SHOWN) {
      for (const part of leftOut(doc, { from, to }, opened)) {
        const widget = new Rest(part.to - part.from);
        ranges.push(Decoration.replace({ widget }).range(part.from, part.to));
      }
    }
    from = to + 1;
  }
  return ranges;
}

function openAt(view: EditorView, from: number): void {
  view.dispatch({
    selection: { anchor: from },
    effects: openPart.of({ from, to: from + MORE })
  });
  // The button is gone; who pressed it goes on where the new text begins.
  view.focus();
}

/** Not in the middle of a character that takes two units. */
function whole(doc: Text, at: number): number {
  return /^[\ud800-\udbff][\udc00-\udfff]$/.test(doc.sliceString(at - 1, at + 1)) ? at + 1 : at;
}
