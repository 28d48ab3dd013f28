/** One rule of the design left out: a piece of the source as it is, and as a mistaken developer would have it. */
export interface PlantedBug {
  readonly name: string
  /** The mistake, and the rule that it breaks. */
  readonly what: string
  readonly file: string
  /** The place: a piece of the file's TypeScript that occurs there once, token by token. How it is laid out does not matter. */
  readonly find: string
  /** The text that replaces it. */
  readonly replace: string
}
