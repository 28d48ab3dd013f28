/** Ends what is going on when one of our own assumptions is wrong; never used on anybody's input. */
export function assert(condition: boolean, invariant: string): asserts condition {
  if (!condition) throw new Error(`invariant broken: ${invariant}`)
}
