/** A request is worked on this long before its client is told that nobody knows. */
export const CLIENT_PATIENCE_MS = 5_000
/** Before what got no answer, or an uncertain one, is asked for again. */
export const RETRY_MS = 50
