import { PageConfig } from '@jupyterlab/coreutils';

import { EMPTY, isEqual, type IValues } from './values';

const PREFIX = 'jupyter_dataflow_envs:draft';
/** Of a tab that never came back, such as one of a workspace that was reset. */
const KEPT_DAYS = 60;

/** What a form held when it was last changed. */
export interface IDraft {
  values: IValues;
  /** What the form was opened with, so that it is known what differs. */
  initial: IValues;
  /** Of the environment that is edited. */
  etag: string | null;
  /** An ISO 8601 moment. */
  at: string;
}

/**
 * The draft of one form, kept by the browser: one for each server, person, workspace and form. A browser that keeps nothing
 * (private windows, a full store) makes it forgetful, never fail.
 */
export class Draft {
  constructor(
    private readonly _baseUrl: string,
    private readonly _person: string,
    private readonly _id: string
  ) {
    sweep();
  }

  read(): IDraft | null {
    try {
      const draft = JSON.parse(localStorage.getItem(this._key) ?? 'null') as IDraft | null;
      return draft && isValues(draft.values) && isValues(draft.initial) ? draft : null;
    } catch {
      return null;
    }
  }

  /** Keep what differs from what the form was opened with; nothing if nothing does, or once it was discarded. */
  keep(draft: Omit<IDraft, 'at'>): void {
    if (this._isDiscarded) {
      return;
    }
    if (isEqual(draft.values, draft.initial)) {
      this._remove();
      return;
    }
    try {
      localStorage.setItem(
        this._key,
        JSON.stringify({ ...draft, at: new Date().toISOString() } satisfies IDraft)
      );
    } catch (error) {
      console.warn('The browser does not keep what is typed into the form.', error);
    }
  }

  get isDiscarded(): boolean {
    return this._isDiscarded;
  }

  /** Forget it for good: its form is saved, or closed without. */
  discard(): void {
    this._isDiscarded = true;
    this._remove();
  }

  private _remove(): void {
    localStorage.removeItem(this._key);
  }

  private get _key(): string {
    const workspace = PageConfig.getOption('workspace');
    return [PREFIX, this._baseUrl, this._person, workspace, this._id].join(':');
  }

  private _isDiscarded = false;
}

function isValues(values: unknown): values is IValues {
  const known = values as Record<string, unknown> | null | undefined;
  return Boolean(known) && Object.keys(EMPTY).every(key => typeof known![key] === 'string');
}

function sweep(): void {
  const oldest = new Date(Date.now() - KEPT_DAYS * 86_400_000).toISOString();
  for (const key of Object.keys(localStorage).filter(name => name.startsWith(PREFIX))) {
    try {
      const { at } = JSON.parse(localStorage.getItem(key) ?? '{}') as Partial<IDraft>;
      if (!at || at < oldest) {
        localStorage.removeItem(key);
      }
    } catch {
      localStorage.removeItem(key);
    }
  }
}
