/** The same characters as the server refuses in names; line breaks, tabs and the joiners of some scripts stay. */
const DECEIVING = /(?![\n\t\u200c\u200d])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/**
 * A text with its control, bidirectional and invisible characters made visible: nothing in it can hide or move what is
 * around it.
 */
export function plain(text: string): string {
  return text.replaceAll('\r\n', '\n').replace(DECEIVING, '\ufffd');
}
