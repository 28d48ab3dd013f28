import { sleep } from '../runtime/clock.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { Copy } from './copy.ts'
import type { FollowerSide } from './follower.ts'
import { repair } from './repair.ts'
import { Solitude } from './solitude.ts'

const RETRY_MS = 200
const CALL_DEADLINE_MS = 500

export interface RejoinOptions {
  readonly frontEndAddress: string
  readonly catalogueAddress: string
  ownAddress(): string
  leads(): boolean
  /** Why this replica could follow nobody at the moment, or ''. */
  trouble(): string
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
  readonly #solitude: Solitude
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
    this.#solitude = new Solitude(runtime.clock, runtime.log)
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

  get solitude(): Pick<Solitude, 'ms' | 'why'> {
    return this.#solitude
  }

  stop(): void {
    this.#stopped.abort()
    this.#wake.abort()
  }

  async #run(): Promise<void> {
    while (!this.#stopped.signal.aborted) {
      if (this.#longer) await this.#compare()
      const isAlone = !this.#options.leads() && !this.#follower.isLed
      if (isAlone) this.#solitude.because(this.#options.trouble() || (await this.#ask()))
      this.#solitude.look(isAlone)
      this.#wake = new AbortController()
      await sleep(this.#runtime.clock, RETRY_MS, this.#wake.signal)
    }
  }

  /** Returns why it could not, or ''. */
  async #compare(): Promise<string> {
    try {
      await repair(this.#runtime, this.#copy, this.#options.catalogueAddress)
      this.#forked = false
      this.#longer = false
      return ''
    } catch (error) {
      return `cannot compare the log with the ledger yet: ${(error as Error).message}`
    }
  }

  /** Asks to be taken in; returns why nobody has come to lead it yet. */
  async #ask(): Promise<string> {
    const { network, log } = this.#runtime
    const { frontEndAddress } = this.#options
    const trouble = this.#forked ? await this.#compare() : ''
    if (trouble !== '') return trouble
    let asked = `front end ${frontEndAddress}`
    try {
      const { status, body } = await network.httpGet(frontEndAddress, '/leader', CALL_DEADLINE_MS)
      const leader = (body as { data?: { leader?: unknown } } | undefined)?.data?.leader
      if (status !== 200 || typeof leader !== 'string') return `${asked} knows no leader`
      if (leader === this.#options.ownAddress()) return `${asked} takes this replica for the leader`
      asked = `leader ${leader}`
      await this.#synchronize(leader)
      return `${asked} was asked, and has not come yet`
    } catch (error) {
      log.debug({ asked, error: (error as Error).message }, 'cannot rejoin yet')
      return `${asked}: ${(error as Error).message}`
    }
  }

  async #synchronize(leader: string): Promise<void> {
    const { length } = this.#copy.head()
    const request = { orderNum: length - 1, synchronizedAdd: this.#options.ownAddress(), overReplicate: true }
    await this.#runtime.network.callStreaming(leader, 'Order.Synchronize', request, CALL_DEADLINE_MS)
    this.#runtime.log.info({ leader, length }, 'asked to follow')
  }
}
