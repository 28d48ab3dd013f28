import { CATALOGUE_BUGS } from './planted-in-catalogue.ts'
import { FRONT_END_BUGS } from './planted-in-front-end.ts'
import { REPLICA_BUGS } from './planted-in-replica.ts'

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

/**
 * Mistakes that the simulation has to find. They are planted into the source as it is loaded (plant.ts), so that no
 * switch for them stands in any code that runs elsewhere.
 */
export const PLANTED_BUGS: readonly PlantedBug[] = [...CATALOGUE_BUGS, ...REPLICA_BUGS, ...FRONT_END_BUGS]
