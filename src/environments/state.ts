import type { Environment, Me } from '../api/schemas';

/**
 * The environments as they were last read, and why they could not be read since.
 */
export interface IEnvironmentsState {
  /** By short name; `null` until the first answer. */
  readonly environments: readonly Environment[] | null;
  /** Whether the server has more than `environments` holds. */
  readonly hasMore: boolean;
  readonly me: Me | null;
  /** Why the last request failed; `null` after one that worked. */
  readonly error: unknown;
  /** Whether somebody waits for an answer they asked for. */
  readonly refreshing: boolean;
  /** Whether changes arrive by themselves. */
  readonly live: boolean;
}

/** Before the first answer. */
export const NOTHING: IEnvironmentsState = {
  environments: null,
  hasMore: false,
  me: null,
  error: null,
  refreshing: false,
  live: false
};
