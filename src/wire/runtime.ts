import type { ProcessRuntime } from '../runtime/runtime.ts'
import type { Network } from './network.ts'

/** The outside world, as a service sees it. */
export interface Runtime extends ProcessRuntime {
  readonly network: Network
}
