/** Throws when one of the program's own assumptions is wrong. It is never used on input. */
export function assert(condition: boolean, invariant: string): asserts condition {
  if (!condition) throw new Error(`invariant broken: ${invariant}`)
}
