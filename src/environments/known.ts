import type { Environment } from '../api/schemas';

/**
 * Environments by their short names, as the latest answers have them. Whoever asks the server takes a turn first: of two
 * answers about one environment, the one that was asked for later stays.
 */
export class Known {
  /** Count a request or a change, so that it can be told which came first. */
  turn(): number {
    return ++this._turn;
  }

  get(shortName: string): Environment | undefined {
    return this._byName.get(shortName);
  }

  /** By short name. */
  sorted(): Environment[] {
    return [...this._byName.values()].sort((a, b) => (a.short_name < b.short_name ? -1 : 1));
  }

  /** Whether nothing newer is known about that environment than what is asked for in this turn. */
  isNews(shortName: string, turn: number): boolean {
    return turn > this._listTaken && turn > (this._turns.get(shortName) ?? 0);
  }

  /** @returns whether that changed anything: not when something is gone that was not there */
  put(shortName: string, environment: Environment | null, turn: number): boolean {
    this._turns.set(shortName, turn);
    if (environment === null) {
      return this._byName.delete(shortName);
    }
    this._byName.set(shortName, environment);
    return true;
  }

  /** Show it otherwise until an answer says how it is. */
  amend(environment: Environment): void {
    this._byName.set(environment.short_name, environment);
  }

  /** @returns whether some of them were not known */
  add(environments: readonly Environment[]): boolean {
    const unknown = environments.filter(({ short_name }) => !this._byName.has(short_name));
    unknown.forEach(environment => this._byName.set(environment.short_name, environment));
    return unknown.length > 0;
  }

  /**
   * The list as it was read, but for what changed while it was: that may be newer here.
   *
   * @param isCut - whether there are more: what is known beyond the last one then stays
   * @returns the names of what changed meanwhile, to be read again
   */
  putList(read: Map<string, Environment>, turn: number, isCut: boolean): string[] {
    const last = isCut ? [...read.keys()].reduce((a, b) => (a > b ? a : b)) : null;
    const changed = [...this._turns].filter(([, at]) => at > turn).map(([shortName]) => shortName);
    for (const shortName of changed) {
      const kept = this._byName.get(shortName);
      if (kept) {
        read.set(shortName, kept);
      } else {
        read.delete(shortName);
      }
    }
    if (last !== null) {
      for (const [shortName, environment] of this._byName) {
        // Found by a search, or opened; the list says nothing about it.
        if (shortName > last && !read.has(shortName)) {
          read.set(shortName, environment);
        }
      }
    }
    this._byName = read;
    this._listTaken = turn;
    return changed;
  }

  private _byName = new Map<string, Environment>();
  private _listTaken = 0;
  private _turn = 0;
  /** When each environment changed here, but for the list. */
  private readonly _turns = new Map<string, number>();
}
