import type { FaultMix } from './fault-mixes.ts'
import { SETTLED_AFTER_MS } from './lateness-faults.ts'
import type { NetworkObserver } from './network-observer.ts'
import type { Life } from './process.ts'

/** 16. A process that was late itself does not take others for dead because of that. */
export class LatenessChecks implements NetworkObserver {
  readonly #mix: FaultMix
  readonly #violated: (what: string) => void

  constructor(mix: FaultMix, violated: (what: string) => void) {
    this.#mix = mix
    this.#violated = violated
  }

  gaveUpAnswered({ process }: Life): void {
    this.#violated(`16: ${process.name} gives up on a call whose answer has come in time`)
  }

  answered(by: Life, _caller: Life, method: string): void {
    const isLate = by.process.world.scheduler.nowMs > SETTLED_AFTER_MS
    if (this.#mix.keepsLeader && isLate && method === 'Order.AssignFollowers') {
      this.#violated(`16: ${by.process.name} is elected, though the leader never stood still`)
    }
  }
}
