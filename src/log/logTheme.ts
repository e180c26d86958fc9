import { EditorView } from '@codemirror/view';

/** CodeMirror's own parts, in the colours of JupyterLab's theme. */
export const logTheme = EditorView.theme({
  // With its own class: JupyterLab sets the height of all editors by that.
  '&.cm-editor': {
    backgroundColor: 'var(--jp-layout-color0)',
    color: 'var(--jp-ui-font-color0)',
    height: '100%'
  },
  '&.cm-focused': {
    outline: '2px solid var(--jp-brand-color1)',
    outlineOffset: '-2px'
  },
  '.cm-scroller': {
    fontFamily: 'var(--jp-code-font-family)',
    fontSize: 'var(--jp-code-font-size)',
    lineHeight: 'var(--jp-code-line-height)',
    overflow: 'auto'
  },
  '.cm-content': { padding: '4px 0 12px' },
  '.cm-lineWrapping': { overflowWrap: 'anywhere' },
  '.cm-gutters': {
    backgroundColor: 'var(--jp-layout-color0)',
    border: 'none',
    color: 'var(--jp-ui-font-color2)',
    fontVariantNumeric: 'tabular-nums'
  },
  '.cm-lineNumbers .cm-gutterElement': { minWidth: '32px', padding: '0 10px 0 8px' },
  '.cm-specialChar': {
    backgroundColor: 'var(--jp-layout-color2)',
    borderRadius: 'var(--jp-border-radius)',
    color: 'var(--jp-ui-font-color0)'
  },
  '.cm-cursor': { borderLeftColor: 'var(--jp-ui-font-color0)' },
  '&:not(.cm-focused) .cm-selectionBackground': {
    backgroundColor: 'var(--jp-editor-selected-background)'
  },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground': {
    backgroundColor: 'var(--jp-editor-selected-focused-background)'
  }
});
