/** A request is worked on this long before its client is told that nobody knows. */
export const CLIENT_PATIENCE_MS = 5_000
/** The pause before a question that got no answer, or an uncertain one, is asked again. */
export const RETRY_MS = 50
