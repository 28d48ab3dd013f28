import { sleep } from '../runtime/clock.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { Copy } from './copy.ts'
import type { FollowerSide } from './follower.ts'
import { repair } from './repair.ts'

/** A leader that is not heard for this long is looked for anew. */
const SILENCE_MS = 1_000
const RETRY_MS = 200
const CALL_DEADLINE_MS = 500

export interface RejoinOptions {
  readonly frontEndAddress: string
  readonly catalogueAddress: string
  ownAddress(): string
  /** Whether this replica could follow somebody: it does not lead, and can write. */
  mayFollow(): boolean
}

/**
 * A replica that follows nobody asks the front end who leads, and that leader to take it in, until a leader is heard.
 * Nobody is re-elected for it, whatever its id.
 */
export class Rejoin {
  readonly #runtime: Runtime
  readonly #options: RejoinOptions
  readonly #copy: Copy
  readonly #follower: FollowerSide
  readonly #stopped = new AbortController()
  #wake = new AbortController()
  /** The log was found to differ: it is compared with the ledger before a leader is asked again. */
  #forked = false
  /** The log goes on where a leader's ends: it is compared with the ledger, too, and this replica follows meanwhile. */
  #longer = false

  constructor(runtime: Runtime, options: RejoinOptions, copy: Copy, follower: FollowerSide) {
    this.#runtime = runtime
    this.#options = options
    this.#copy = copy
    this.#follower = follower
    // A log that was kept although it differs would be offered again without a pause.
    follower.onSilence(() => {
      if (!this.#forked) this.#wake.abort()
    })
    follower.onFork(() => {
      this.#forked = true
    })
    follower.onLonger(() => {
      this.#longer = true
      this.#wake.abort()
    })
    void this.#run()
  }

  stop(): void {
    this.#stopped.abort()
    this.#wake.abort()
  }

  async #run(): Promise<void> {
    while (!this.#stopped.signal.aborted) {
      if (this.#longer) await this.#compare()
      if (this.#options.mayFollow() && this.#follower.silence() > SILENCE_MS) await this.#ask()
      this.#wake = new AbortController()
      await sleep(this.#runtime.clock, RETRY_MS, this.#wake.signal)
    }
  }

  async #compare(): Promise<void> {
    try {
      await repair(this.#runtime, this.#copy, this.#options.catalogueAddress)
      this.#forked = false
      this.#longer = false
    } catch (error) {
      this.#runtime.log.debug({ error: (error as Error).message }, 'cannot compare the log with the ledger yet')
    }
  }

  async #ask(): Promise<void> {
    const { network, log } = this.#runtime
    if (this.#forked) await this.#compare()
    if (this.#forked) return
    try {
      const { status, body } = await network.httpGet(this.#options.frontEndAddress, '/leader', CALL_DEADLINE_MS)
      const leader = (body as { data?: { leader?: unknown } } | undefined)?.data?.leader
      if (status !== 200 || typeof leader !== 'string' || leader === this.#options.ownAddress()) return
      await this.#synchronize(leader)
    } catch (error) {
      log.debug({ error: (error as Error).message }, 'cannot rejoin yet')
    }
  }

  async #synchronize(leader: string): Promise<void> {
    const { length } = this.#copy.head()
    const request = { orderNum: length - 1, synchronizedAdd: this.#options.ownAddress(), overReplicate: true }
    await this.#runtime.network.callStreaming(leader, 'Order.Synchronize', request, CALL_DEADLINE_MS)
    this.#runtime.log.info({ leader, length }, 'asked to follow')
  }
}
