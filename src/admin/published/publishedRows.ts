import type { Environment, Review, Violating } from '../../api/schemas';

export interface IPublishedRow {
  readonly environment: Environment;
  /** When that version was approved; `null` when its review is no longer listed. */
  readonly publishedAt: string | null;
  readonly violations: Violating['violations'];
}

export type Column = 'name' | 'owner' | 'published' | 'people' | 'started';
export type Kind = 'all' | 'unused' | 'violating' | 'deprecated';

export interface IOrder {
  readonly column: Column;
  readonly descending: boolean;
}

export function publishedRows(
  environments: readonly Environment[],
  approved: readonly Review[],
  violating: readonly Violating[]
): IPublishedRow[] {
  const decided = new Map<string, string>();
  for (const { short_name, version, decided_at } of approved) {
    const key = `${short_name}@${version}`;
    if (decided_at !== null && !decided.has(key)) {
      decided.set(key, decided_at);
    }
  }
  const wrong = new Map(violating.map(found => [found.short_name, found.violations]));
  return environments
    .filter(({ published_version }) => published_version !== null)
    .map(environment => ({
      environment,
      publishedAt:
        decided.get(`${environment.short_name}@${environment.published_version}`) ?? null,
      violations: wrong.get(environment.short_name) ?? []
    }));
}

export function isOfKind({ environment, violations }: IPublishedRow, kind: Kind): boolean {
  switch (kind) {
    case 'all':
      return true;
    case 'unused':
      return environment.usage.active_people === 0;
    case 'violating':
      return violations.length > 0;
    case 'deprecated':
      return environment.deprecated !== null;
  }
}

/** Whether one of its names, or its owner, holds the text. */
export function isNamed({ environment }: IPublishedRow, text: string): boolean {
  const wanted = text.trim().toLowerCase();
  return [environment.short_name, environment.full_name, environment.owner].some(name =>
    name.toLowerCase().includes(wanted)
  );
}

export function inOrder(rows: readonly IPublishedRow[], order: IOrder): IPublishedRow[] {
  const sign = order.descending ? -1 : 1;
  return [...rows].sort((a, b) => {
    const [left, right] = [valueOf(a, order.column), valueOf(b, order.column)];
    const compared =
      typeof left === 'number' && typeof right === 'number'
        ? left - right
        : String(left).localeCompare(String(right));
    return sign * compared || a.environment.short_name.localeCompare(b.environment.short_name);
  });
}

function valueOf({ environment, publishedAt }: IPublishedRow, column: Column): string | number {
  switch (column) {
    case 'name':
      return environment.full_name;
    case 'owner':
      return environment.owner;
    case 'published':
      return publishedAt ?? '';
    case 'people':
      return environment.usage.active_people;
    case 'started':
      return environment.usage.last_started ?? '';
  }
}
