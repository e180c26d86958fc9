import {
  autocompletion,
  closeCompletion,
  completionKeymap,
  completionStatus
} from '@codemirror/autocomplete';
import { history, historyKeymap, standardKeymap } from '@codemirror/commands';
import { type Diagnostic, lintGutter, setDiagnostics } from '@codemirror/lint';
import { EditorState, Prec } from '@codemirror/state';
import { EditorView, keymap, lineNumbers, placeholder } from '@codemirror/view';
import type { TranslationBundle } from '@jupyterlab/translation';

import type { Manager } from '../api/schemas';
import type { Catalog } from './catalog';
import { complete } from './completions';
import { editorTheme } from './editorTheme';
import type { IProblem } from './problem';

export interface ILibraryEditorOptions {
  parent: HTMLElement;
  text: string;
  manager: Manager;
  catalog: Catalog;
  /** Ids of the elements that name the box and that tell about it. */
  labelledBy: string;
  describedBy: string;
  example: string;
  onChange: (text: string) => void;
  onLeave: () => void;
  /** @returns whether the text was taken as a whole file, so that it is not inserted. */
  onPaste: (text: string) => boolean;
  trans: TranslationBundle;
}

/** An editor with one requirement a line. */
export class LibraryEditor {
  constructor(options: ILibraryEditorOptions) {
    const { catalog, manager, trans } = options;
    this._view = new EditorView({
      parent: options.parent,
      doc: options.text,
      extensions: [
        editorTheme,
        lineNumbers(),
        lintGutter(),
        history(),
        placeholder(options.example),
        EditorView.lineWrapping,
        EditorView.contentAttributes.of({
          'aria-labelledby': options.labelledBy,
          'aria-describedby': options.describedBy,
          spellcheck: 'false'
        }),
        EditorState.phrases.of({ Completions: trans.__('Suggestions') }),
        autocompletion({
          override: [context => complete(context, manager, catalog)],
          icons: false,
          // Enter begins the next line unless somebody has chosen from the list.
          selectOnOpen: false,
          interactionDelay: 0
        }),
        // Tab goes on to the next field, as everywhere in a form; with it goes the list.
        Prec.high(keymap.of([{ key: 'Tab', run: leaveList, shift: leaveList }])),
        keymap.of([...completionKeymap, ...historyKeymap, ...standardKeymap]),
        EditorView.updateListener.of(update => {
          if (update.docChanged) {
            options.onChange(update.state.doc.toString());
          }
        }),
        EditorView.domEventHandlers({
          blur: () => options.onLeave(),
          paste: event => {
            const text = event.clipboardData?.getData('text/plain') ?? '';
            const taken = options.onPaste(text);
            if (taken) {
              event.preventDefault();
            }
            return taken;
          },
          // JupyterLab's own shortcuts must not take what closes the list.
          keydown: (event, view) => {
            if (event.key === 'Escape' && completionStatus(view.state) !== null) {
              event.stopPropagation();
            }
            return false;
          }
        })
      ]
    });
  }

  set text(text: string) {
    const { state } = this._view;
    if (state.doc.toString() !== text) {
      this._view.dispatch({ changes: { from: 0, to: state.doc.length, insert: text } });
    }
  }

  set problems(problems: readonly IProblem[]) {
    const { doc } = this._view.state;
    const diagnostics = problems
      .filter(({ line }) => line !== null && line <= doc.lines)
      .map(({ line, message }): Diagnostic => {
        const { from, to, text } = doc.line(line!);
        const start = from + text.length - text.trimStart().length;
        return { from: Math.min(start, to), to, severity: 'error', message };
      });
    this._view.dispatch(setDiagnostics(this._view.state, diagnostics));
    this._view.contentDOM.setAttribute('aria-invalid', String(problems.length > 0));
  }

  /** @param line - counted from 1; the end of the box without one */
  focus(line: number | null = null): void {
    const { doc } = this._view.state;
    const anchor = line === null || line > doc.lines ? doc.length : doc.line(line).to;
    this._view.dispatch({ selection: { anchor }, scrollIntoView: true });
    this._view.focus();
  }

  dispose(): void {
    this._view.destroy();
  }

  private readonly _view: EditorView;
}

function leaveList(view: EditorView): boolean {
  closeCompletion(view);
  return false;
}
