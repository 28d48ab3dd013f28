/** A rule of the design that is left out: a piece of the source, and what a mistaken developer would have written. */
export interface PlantedBug {
  readonly name: string
  /** Says in words how the service goes wrong. The text begins with the rule that is broken, where the rule has a name. */
  readonly what: string
  readonly file: string
  /** A piece of the file's TypeScript that occurs there once. It is compared token by token, so layout does not matter. */
  readonly find: string
  /** The text that replaces it. */
  readonly replace: string
}
