import type { SimNetwork } from './network.ts'
import type { Surroundings } from './process.ts'

/** The simulated world that processes live in. */
export interface World extends Surroundings {
  readonly network: SimNetwork
}
