import { EditorView } from '@codemirror/view';

/** The look of library editors, in JupyterLab's colours. */
export const editorTheme = EditorView.theme({
  '&': {
    background: 'transparent',
    borderRadius: 'var(--jp-border-radius)',
    maxHeight: '420px'
  },
  '&.cm-focused': { outline: 'none' },
  '.cm-scroller': {
    fontFamily: 'var(--jp-code-font-family)',
    fontSize: 'var(--jp-code-font-size)',
    lineHeight: '20px',
    minHeight: '170px'
  },
  '.cm-content': {
    caretColor: 'var(--jp-editor-cursor-color)',
    color: 'var(--jp-content-font-color1)',
    minHeight: '170px',
    padding: '6px 0'
  },
  '.cm-line': { padding: '0 8px 0 4px' },
  '.cm-gutters': {
    background: 'var(--jp-layout-color2)',
    border: 'none',
    borderRadius: 'var(--jp-border-radius) 0 0 var(--jp-border-radius)',
    color: 'var(--jp-ui-font-color2)',
    // The editor sets it to the height of its lines.
    minHeight: '170px !important'
  },
  '.cm-lineNumbers .cm-gutterElement': { minWidth: '24px', padding: '0 2px 0 6px' },
  '.cm-gutter-lint': { width: '16px' },
  '.cm-gutter-lint .cm-gutterElement': { padding: '4px 2px' },
  '.cm-lint-marker': {
    background: 'var(--jp-error-color1)',
    borderRadius: '50%',
    color: 'var(--jp-layout-color1)',
    height: '12px',
    width: '12px'
  },
  // The marker's own content is a picture, in colours of its own.
  '.cm-lint-marker-error': { content: 'normal' },
  '.cm-lint-marker-error::before': {
    content: '"!"',
    display: 'block',
    font: '700 9px/12px var(--jp-ui-font-family)',
    textAlign: 'center'
  },
  '.cm-lintRange-error': {
    backgroundImage: 'none',
    textDecoration: 'underline wavy var(--jp-error-color1) 1px',
    textDecorationSkipInk: 'none',
    textUnderlineOffset: '3px'
  },
  '.cm-placeholder': { color: 'var(--jp-ui-font-color2)', fontStyle: 'italic' },
  '.cm-tooltip': {
    background: 'var(--jp-layout-color1)',
    border: 'var(--jp-border-width) solid var(--jp-border-color1)',
    borderRadius: 'var(--jp-border-radius)',
    boxShadow: 'var(--jp-elevation-z6)',
    color: 'var(--jp-ui-font-color1)',
    zIndex: '20'
  },
  '.cm-tooltip.cm-tooltip-autocomplete > ul': {
    fontFamily: 'var(--jp-code-font-family)',
    fontSize: 'var(--jp-code-font-size)',
    maxHeight: '220px',
    minWidth: '160px'
  },
  '.cm-tooltip.cm-tooltip-autocomplete > ul > li': {
    color: 'var(--jp-ui-font-color1)',
    lineHeight: '22px',
    padding: '0 8px'
  },
  '.cm-tooltip.cm-tooltip-autocomplete > ul > li[aria-selected]': {
    background: 'var(--jp-brand-color1)',
    color: 'var(--jp-ui-inverse-font-color1)'
  },
  '.cm-diagnostic': {
    fontFamily: 'var(--jp-ui-font-family)',
    fontSize: 'var(--jp-ui-font-size0)',
    lineHeight: '16px',
    maxWidth: '360px',
    padding: '6px 10px',
    whiteSpace: 'normal'
  },
  '.cm-diagnostic-error': { borderLeft: '3px solid var(--jp-error-color1)' }
});
