const LONGEST_MASKED = 2000;
const JOINERS = '\u200c\u200d';

/** Control, bidirectional and other invisible characters, halves of surrogate pairs, line separators. */
export function isControl(character: string): boolean {
  return !JOINERS.includes(character) && /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(character);
}

/**
 * Somebody's text as it may be quoted: shortened, without credentials of a URL, and nothing in it that could move what is
 * around it; a tab is shown as the space that it looks like.
 */
export function shown(text: string, limit = 80): string {
  // Masked before it is shortened: half a password would no longer look like one.
  const masked = [...text]
    .slice(0, LONGEST_MASKED)
    .join('')
    .replace(/(:\/\/)[^/\s]*@/g, '$1***@')
    .replace(/(\/t\/)[^/\s]+/g, '$1***');
  const characters = [...masked.replaceAll('\t', ' ')];
  const short = characters.length <= limit ? characters : [...characters.slice(0, limit - 1), '…'];
  return short.map(character => (isControl(character) ? '\ufffd' : character)).join('');
}

/** How many characters a person counts: those outside of the basic plane are one each. */
export function lengthOf(text: string): number {
  return [...text].length;
}
