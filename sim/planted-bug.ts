/** One rule of the design left out: a piece of the source as it is, and as a mistaken developer would have it. */
export interface PlantedBug {
  readonly name: string
  /** What the mistake is, and the rule that it breaks. */
  readonly what: string
  readonly file: string
  /** The place: a piece of the file's TypeScript that stands there once, token by token. How it is laid out does not matter. */
  readonly find: string
  /** What stands there instead, to the letter. */
  readonly replace: string
}
