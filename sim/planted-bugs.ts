import type { PlantedBug } from './planted-bug.ts'
import { CATALOGUE_BUGS } from './planted-in-catalogue.ts'
import { FRONT_END_BUGS } from './planted-in-front-end.ts'
import { REPLICA_BUGS } from './planted-in-replica.ts'

/**
 * Mistakes that the simulation has to find. They are planted into the source while it is loaded (plant.ts). So the code that
 * runs elsewhere has no switch for them.
 */
export const PLANTED_BUGS: readonly PlantedBug[] = [...CATALOGUE_BUGS, ...REPLICA_BUGS, ...FRONT_END_BUGS]
