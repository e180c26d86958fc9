import * as React from 'react';

import type { Manager } from '../api/schemas';
import { useWorkbench } from '../workbench';
import type { Catalog } from './catalog';
import { LibraryEditor } from './libraryEditor';
import type { IProblem } from './problem';

/** What is half typed is not told of before the person pauses. */
const PAUSE = 350;
const MOST_SHOWN = 20;

export interface IFocusable {
  focus(line?: number | null): void;
}

export interface ILibraryBoxProps {
  manager: Manager;
  label: string;
  example: string;
  text: string;
  problems: readonly IProblem[];
  catalog: Catalog;
  onChange: (text: string) => void;
  onLeave: () => void;
  onPaste: (text: string) => boolean;
}

/** A box of requirements: what is wrong stands in the gutter, in the line and, for everybody, in a list below it. */
export const LibraryBox = React.forwardRef<IFocusable, ILibraryBoxProps>((props, ref) => {
  const { catalog, label, manager, text } = props;
  const { trans } = useWorkbench();
  const id = React.useId();
  const place = React.useRef<HTMLDivElement>(null);
  const editor = React.useRef<LibraryEditor | null>(null);
  const latest = React.useRef(props);
  latest.current = props;
  const problems = useSettled(props.problems, text);

  React.useImperativeHandle(ref, () => ({ focus: line => editor.current?.focus(line) }), []);

  React.useEffect(() => {
    const made = new LibraryEditor({
      parent: place.current!,
      text: latest.current.text,
      manager,
      catalog,
      labelledBy: `${id}-label`,
      describedBy: `${id}-problems`,
      example: latest.current.example,
      onChange: changed => latest.current.onChange(changed),
      onLeave: () => latest.current.onLeave(),
      onPaste: pasted => latest.current.onPaste(pasted),
      trans
    });
    editor.current = made;
    return () => made.dispose();
  }, [catalog, id, manager, trans]);

  React.useEffect(() => {
    // What was typed since must not be taken back by an earlier state.
    editor.current!.text = latest.current.text;
  }, [text]);
  React.useEffect(() => {
    editor.current!.problems = problems;
  }, [problems]);

  const more = problems.length - MOST_SHOWN;
  return (
    <div className={`jp-DataflowEnvs-field ${problems.length > 0 ? 'jp-mod-wrong' : ''}`}>
      {/* A click on the name of a box goes into the box; the keyboard gets there by Tab. */}
      {/* eslint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/no-static-element-interactions */}
      <span
        id={`${id}-label`}
        className="jp-DataflowEnvs-fieldLabel"
        onClick={() => editor.current?.focus()}
      >
        {label}
      </span>
      <div ref={place} className="jp-DataflowEnvs-libraryBox" />
      <div id={`${id}-problems`} className="jp-DataflowEnvs-lineProblems" aria-live="polite">
        {problems.slice(0, MOST_SHOWN).map(({ line, message }, index) => (
          <p key={index} className="jp-DataflowEnvs-fieldProblem">
            {line !== null && (
              <button
                type="button"
                className="jp-DataflowEnvs-lineLink"
                onClick={() => editor.current?.focus(line)}
              >
                {trans.__('Line %1', line)}
              </button>
            )}
            <span>{message}</span>
          </p>
        ))}
        {more > 0 && (
          <p className="jp-DataflowEnvs-fieldProblem">
            {trans._n('and %1 more', 'and %1 more', more)}
          </p>
        )}
      </div>
    </div>
  );
});
LibraryBox.displayName = 'LibraryBox';

/** The problems, a while after the text was last changed; at once when they go, or change without it. */
function useSettled(problems: readonly IProblem[], text: string): readonly IProblem[] {
  const [settled, setSettled] = React.useState(problems);
  const settledText = React.useRef(text);
  const told = problems.map(({ line, message }) => `${line} ${message}`).join('\n');
  React.useEffect(() => {
    const show = () => {
      settledText.current = text;
      setSettled(problems);
    };
    if (settledText.current === text || problems.length === 0) {
      show();
      return undefined;
    }
    const timer = window.setTimeout(show, PAUSE);
    return () => window.clearTimeout(timer);
    // The list is made anew with each key; what it says counts.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [told, text]);
  return settled;
}
