import type { IDisposable } from '@lumino/disposable';
import { type ISignal, Signal } from '@lumino/signaling';

import type { ApiClient } from '../../api/client';
import type { HappenedEvent } from '../../api/schemas';
import type { EventStream } from '../../live/eventStream';

/** Empty: whatever. */
export interface IAuditFilter {
  readonly environment: string;
  readonly user: string;
  /** A kind, or with a dot at its end all that begin so. */
  readonly kind: string;
  /** Moments in the person's own time zone, as `datetime-local` fields have them. */
  readonly since: string;
  readonly until: string;
}

export const EVERYTHING: IAuditFilter = {
  environment: '',
  user: '',
  kind: '',
  since: '',
  until: ''
};

export interface IAuditState {
  readonly filter: IAuditFilter;
  /** Newest first; `null` until the first answer. */
  readonly events: readonly HappenedEvent[] | null;
  /** What has happened since, held back while somebody reads further down. */
  readonly held: readonly HappenedEvent[];
  readonly hasMore: boolean;
  readonly error: unknown;
  readonly reading: boolean;
}

const PAGE = 100;
/** Events of one request of an export. */
const EXPORT_PAGE = 1000;

type Query = Parameters<ApiClient['audit']>[0];

/** The audit trail: a part of it read page by page, and what happens meanwhile on top. */
export class AuditModel implements IDisposable {
  constructor(
    private readonly _source: Pick<ApiClient, 'audit'>,
    private readonly _events: Pick<EventStream, 'happened' | 'stale'>
  ) {
    _events.happened.connect(this._onHappened);
    _events.stale.connect(this._onStale);
  }

  get state(): IAuditState {
    return this._state;
  }

  get stateChanged(): ISignal<this, IAuditState> {
    return this._stateChanged;
  }

  get isDisposed(): boolean {
    return this._disposed;
  }

  dispose(): void {
    this._disposed = true;
    this._events.happened.disconnect(this._onHappened);
    this._events.stale.disconnect(this._onStale);
    Signal.clearData(this);
  }

  /** Whether somebody reads further down: then rows on top would move what they read. */
  set scrolled(scrolled: boolean) {
    this._scrolled = scrolled;
    if (!scrolled) {
      this.release();
    }
  }

  /** Show what was held back. */
  release(): void {
    const { events, held } = this._state;
    if (held.length > 0 && events !== null) {
      this._change({ events: merged(held, events), held: [] });
    }
  }

  async choose(filter: IAuditFilter): Promise<void> {
    this._change({ filter, events: null, held: [], hasMore: false });
    await this.read();
  }

  /** The newest page. Never rejects: the state says what went wrong. */
  async read(): Promise<void> {
    await this._ask(undefined);
  }

  /** The next older page. */
  async more(): Promise<void> {
    if (this._cursor !== null && !this._state.reading) {
      await this._ask(this._cursor);
    }
  }

  /** All that the filter lets through, oldest page last. Rejects as the client does. */
  async *all(): AsyncGenerator<readonly HappenedEvent[]> {
    let cursor: string | undefined;
    do {
      const page = await this._source.audit({
        ...queryOf(this._state.filter),
        limit: EXPORT_PAGE,
        cursor
      });
      yield page.items;
      cursor = page.next ?? undefined;
    } while (cursor !== undefined);
  }

  private async _ask(cursor: string | undefined): Promise<void> {
    const turn = ++this._turn;
    this._change({ reading: true });
    const answered = (change: Partial<IAuditState>) => {
      if (turn === this._turn && !this._disposed) {
        this._change({ reading: false, ...change });
        return true;
      }
      return false;
    };
    try {
      const query = { ...queryOf(this._state.filter), limit: PAGE, cursor };
      const { items, next } = await this._source.audit(query);
      // What happened while this was read stays on top of it.
      const before = cursor === undefined ? this._heard : (this._state.events ?? []);
      if (answered({ events: merged(before, items), hasMore: next !== null, error: null })) {
        this._cursor = next;
        this._heard = [];
      }
    } catch (error) {
      answered({ error });
    }
  }

  private readonly _onHappened = (_: unknown, event: HappenedEvent): void => {
    const { events, filter, held } = this._state;
    if (!isWanted(event, filter)) {
      return;
    }
    if (events === null) {
      this._heard = [event, ...this._heard];
    } else if (this._scrolled) {
      this._change({ held: [event, ...held] });
    } else {
      this._change({ events: merged([event], events) });
    }
  };

  private readonly _onStale = (): void => {
    if (this._state.events !== null) {
      void this.read();
    }
  };

  private _change(change: Partial<IAuditState>): void {
    this._state = { ...this._state, ...change };
    this._stateChanged.emit(this._state);
  }

  private _cursor: string | null = null;
  private _disposed = false;
  private _heard: readonly HappenedEvent[] = [];
  private _scrolled = false;
  private _state: IAuditState = {
    filter: EVERYTHING,
    events: null,
    held: [],
    hasMore: false,
    error: null,
    reading: false
  };
  private readonly _stateChanged = new Signal<this, IAuditState>(this);
  private _turn = 0;
}

export function isWanted(event: HappenedEvent, filter: IAuditFilter): boolean {
  const { environment, user, kind, since, until } = queryOf(filter) ?? {};
  const at = Date.parse(event.at);
  return (
    (environment === undefined || event.short_name === environment) &&
    (user === undefined || event.actor === user) &&
    (kind === undefined ||
      event.kind === kind ||
      (kind.endsWith('.') && event.kind.startsWith(kind))) &&
    (since === undefined || at >= Date.parse(since)) &&
    (until === undefined || at < Date.parse(until))
  );
}

function queryOf({ environment, user, kind, since, until }: IAuditFilter): Query {
  const moment = (local: string) => {
    const at = new Date(local);
    return local && !Number.isNaN(at.getTime()) ? at.toISOString() : undefined;
  };
  return {
    environment: environment.trim().toLowerCase() || undefined,
    user: user.trim() || undefined,
    kind: kind || undefined,
    since: moment(since),
    until: moment(until)
  };
}

/** Newest first, each once. */
function merged(some: readonly HappenedEvent[], others: readonly HappenedEvent[]): HappenedEvent[] {
  const bySeq = new Map([...some, ...others].map(event => [event.seq, event]));
  return [...bySeq.values()].sort((a, b) => b.seq - a.seq);
}
