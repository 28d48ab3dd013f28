/**
 * Generations that a recovery skips when the operator has given up a replica (`--lost`). Earlier starts that reached only
 * that replica may have used them. The gap stays in the history, and tells later that something was given up there.
 */
export const GENERATIONS_SKIPPED = 1_000

/** The generations where two logs of one cluster part. */
export interface Parting {
  /** Of the last entry that both hold; 0 without one. */
  readonly common: number
  /** Of the last entry of the log whose tail is looked at. */
  readonly tail: number
  /** Of the other log's first entry behind the common ones. Where a ledger ends there: of its last recovery. */
  readonly other: number
}

/**
 * Says whether a recovery may have given up the tail, so that the tail contradicts nothing. Within one system a log can differ from
 * the ledger only then: every other recovery reads all logs. Such a recovery is newer than the tail, and has skipped
 * generations since the last common entry. A tail that itself lies behind such a gap is of a start after that recovery: only
 * another one, with a gap behind the tail, can have given it up. Without this, two copies of the system have gone on apart, each
 * with orders that clients were told of. Their generations say nothing then, since each copy counts its own starts.
 */
export function mayBeGivenUp({ common, tail, other }: Parting): boolean {
  const before = tail - common >= GENERATIONS_SKIPPED ? tail : common
  return tail < other && other - before >= GENERATIONS_SKIPPED
}
