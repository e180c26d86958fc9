const PLAIN = /^\d+\.\d+(\.\d+)?$/;

/**
 * What to offer as Python: the minor series first, then the exact versions, both newest first.
 *
 * @param versions - that the channels hold, newest first
 * @param allowed - by the deployment's policy: `3.11` allows every 3.11.x; none allows all
 */
export function offeredPythons(versions: readonly string[], allowed: readonly string[]): string[] {
  const exact = [...new Set(versions.filter(version => PLAIN.test(version)))];
  const series = [...new Set(exact.map(version => version.split('.').slice(0, 2).join('.')))];
  return [...new Set([...series, ...exact])].filter(
    version =>
      allowed.length === 0 || allowed.some(one => version === one || version.startsWith(`${one}.`))
  );
}
