import type { Environment, Manager, Package, Version } from '../api/schemas';

export type Origin = Package['origin'];

/** What the next build does to a library, as far as the saved lines tell. */
export type Plan = 'add' | 'change' | 'remove';

export interface ILibraryRow {
  readonly name: string;
  /** The line that asked for it. */
  readonly requested: string | null;
  /** The saved line, where it is another one by now. */
  readonly planned: string | null;
  readonly plan: Plan | null;
  /** The version; `null` while it is only asked for. */
  readonly installed: string | null;
  readonly manager: Manager;
  readonly channel: string | null;
  readonly origin: Origin;
  readonly size: number | null;
}

/**
 * What is installed against what is asked for.
 *
 * @param version - the one that is shown; `null` before the first build
 */
export function libraryRows(environment: Environment, version: Version | null): ILibraryRow[] {
  const installed = version?.packages ?? [];
  const isLatest = version === null || version.number === environment.latest_version;
  const asked = linesOf(isLatest ? environment : version.requested);
  const compares = isLatest && (environment.modified || version?.outcome !== 'succeeded');
  const rows = installed.map((pkg): ILibraryRow => {
    const { name, manager, channel, origin, requested, size } = pkg;
    const line = asked.get(normalised(name))?.line ?? null;
    const plan =
      !compares || line === requested
        ? null
        : line !== null
          ? 'change'
          : origin === 'requested'
            ? 'remove'
            : null;
    const planned = plan === 'change' ? line : null;
    return {
      name,
      requested,
      planned,
      plan,
      installed: pkg.version,
      manager,
      channel,
      origin,
      size
    };
  });
  const there = new Set(installed.map(({ name }) => normalised(name)));
  for (const [name, { line, manager }] of asked) {
    if (!there.has(name)) {
      rows.push({
        name: nameOf(line),
        requested: line,
        planned: null,
        plan: 'add',
        installed: null,
        manager,
        channel: null,
        origin: 'requested',
        size: null
      });
    }
  }
  return rows;
}

/** Channels are named by the end of their addresses. */
export function channelName(channel: string): string {
  return channel.replace(/\/+$/, '').replace(/^.*\//, '') || channel;
}

function linesOf(
  spec: Pick<Environment, 'base' | 'python_version' | 'conda_requirements' | 'pip_requirements'>
): Map<string, { line: string; manager: Manager }> {
  const lines = new Map<string, { line: string; manager: Manager }>();
  const take = (line: string, manager: Manager) =>
    lines.set(normalised(nameOf(line)), { line, manager });
  if (spec.python_version !== null) {
    take(`python=${spec.python_version}`, 'conda');
  }
  spec.conda_requirements.forEach(line => take(line, 'conda'));
  spec.pip_requirements.forEach(line => take(line, 'pip'));
  return lines;
}

/** Everything before extras and operators. */
function nameOf(line: string): string {
  return /^[^\s[=<>!~]*/.exec(line)![0];
}

/** As package indexes compare names. */
function normalised(name: string): string {
  return name.toLowerCase().replaceAll(/[-_.]+/g, '-');
}
