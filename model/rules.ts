/** The rules that the modelled processes keep. */
export interface Rules {
  /**
   * The catalogue syncs a decision before it sends it (two rounds of syncs). Otherwise it sends a decision when it is
   * committed, and syncs while the replicas sync theirs (one round).
   */
  readonly syncBeforeSending: boolean
  /** The catalogue publishes only what its own disk holds. */
  readonly publishWhenSynced: boolean
  /** A rejection is told only when the ledger's disk holds it. */
  readonly rejectWhenSynced: boolean
  /** A readable ledger that is a prefix of the best log is extended by what it lacks. Otherwise it is rebuilt from the log. */
  readonly extend: boolean
  /** A decision, a rejection as well, marks the ledger with its generation. Otherwise only a recovery does. */
  readonly decisionsMark: boolean
  /** Which log a recovery takes: see {@link Choice}. */
  readonly choice: Choice
  /** C2: a recovery seals and reads all replicas. */
  readonly recoverFromAll: boolean
  /** R2: nothing is taken in under a generation below the sealed one. */
  readonly refuseStale: boolean
  /** P1: after a start nothing is shown before all that was shown earlier is published again. */
  readonly settle: boolean
}

/**
 * Of several logs a recovery takes the longest one of the highest
 * - `last`: generation of the last entry,
 * - `sealed`: generation that the replica was sealed with,
 * - `marked`: generation that the log is marked with, or that of the last entry if higher. A leader marks its log with a
 *   generation, on disk, once the log holds everything that this generation began with, and before it serves.
 */
export type Choice = 'last' | 'sealed' | 'marked'

/** The rules of the program. */
export const TWO_ROUNDS: Rules = {
  syncBeforeSending: true,
  publishWhenSynced: true,
  rejectWhenSynced: true,
  extend: false,
  decisionsMark: false,
  choice: 'last',
  recoverFromAll: true,
  refuseStale: true,
  settle: true,
}

/** The rules with which one round of syncs keeps the promise. */
export const ONE_ROUND: Rules = {
  ...TWO_ROUNDS,
  syncBeforeSending: false,
  extend: true,
  decisionsMark: true,
  choice: 'marked',
}
