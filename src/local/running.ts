/** What `Running` calls a Local environment: no short name has a blank. */
export function runningKey(id: string): string {
  return `local ${id}`;
}
