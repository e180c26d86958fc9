import type { Manager } from '../api/schemas';
import { parseRequirements } from './requirement';

const OTHER_TOOLS = /^(?:@EXPLICIT\b|(?:channels|dependencies|metadata|package)\s*:)/m;

/** What pip's files say and a library box does not take. */
const OF_FILES = /^-|;|:\/\/|\s@\s|\\$|[~!<>]|,/;

/**
 * Whether what is pasted is another tool's file, which the server has to read: an environment.yml, a lock, or a
 * requirements.txt with lines that a library box does not take. Single lines and plain lists are not.
 */
export function isFileLike(text: string, manager: Manager, extended: boolean): boolean {
  if (OTHER_TOOLS.test(text)) {
    return true;
  }
  const lines = text
    .split(/\r\n?|\n/)
    .map(line => line.trim())
    .filter(Boolean);
  return (
    lines.length > 1 &&
    lines.some(
      line =>
        OF_FILES.test(line) && parseRequirements([line], manager, extended).problems.length > 0
    )
  );
}
