import { withinAwake, type Clock } from '../runtime/clock.ts'
import type { Network } from '../wire/network.ts'
import type { LiveSession } from '../wire/messages.ts'
import { FRONT_END_HEADER, ORDER_NUMBER_HEADER } from '../wire/push-headers.ts'
import type { RouteStream } from './route-stream.ts'

/** A front end that has not confirmed a push in this time is reported to the catalogue, which lets its session lapse. */
const PUSH_DEADLINE_MS = 200
/** A front end that owes this many confirmations is sent no more pushes. */
const UNCONFIRMED_MAX = 1_000
/** When a push to a front end of another make has failed, the next try waits this long. */
const FOREIGN_PUSH_RETRY_MS = 1_000

/**
 * The invalidations that a leader pushes before it has a trade published. Front ends of our own get them over the stream
 * that they keep to this replica, others by `GET /cache/<name>`.
 */
export class Pushes {
  readonly #clock: Clock
  readonly #network: Network
  readonly #caching: boolean
  readonly #configuredFrontEnd: string
  /** The stream of each front end of our own, by its id. */
  readonly #routes = new Map<string, RouteStream>()
  /** The configured front end is one of ours. It holds a session, so it needs no second push. */
  #configuredIsOurs = false
  #foreignRetryAt = 0

  constructor(clock: Clock, network: Network, options: { readonly caching: boolean; readonly frontEndAddress: string }) {
    this.#clock = clock
    this.#network = network
    this.#caching = options.caching
    this.#configuredFrontEnd = options.frontEndAddress
  }

  /** This front end is reached by this stream from now on. What was pushed on an earlier one counts as failed. */
  attach(frontEndId: string, route: RouteStream): void {
    this.#routes.get(frontEndId)?.giveUpInvalidations()
    this.#routes.set(frontEndId, route)
  }

  /** The stream is over. It changes nothing when the front end has opened another one meanwhile. */
  detach(frontEndId: string, route: RouteStream): void {
    if (this.#routes.get(frontEndId) === route) this.#routes.delete(frontEndId)
  }

  /**
   * Has every front end with a live session drop these stocks, which trades up to `number` changed.
   * Resolves with the ids of those that did not confirm in time.
   */
  async push(names: readonly string[], number: number, sessions: readonly LiveSession[]): Promise<string[]> {
    if (names.length === 0) return []
    if (!this.#caching) return sessions.map((session) => session.frontEndId)
    const foreign = this.#pushForeign(names, number)
    const reached = await Promise.all(sessions.map((session) => this.#pushTo(session, names, number)))
    await foreign
    return sessions.filter((_, i) => !reached[i]).map((session) => session.frontEndId)
  }

  #pushTo({ frontEndId, address }: LiveSession, names: readonly string[], number: number): Promise<boolean> {
    const route = this.#routes.get(frontEndId)
    if (!route) return this.#pushByHttp(address, names, number)
    if (route.unconfirmed >= UNCONFIRMED_MAX) return Promise.resolve(false)
    return withinAwake(this.#clock, PUSH_DEADLINE_MS, route.invalidate({ names, number }), false)
  }

  async #pushByHttp(address: string, names: readonly string[], number: number): Promise<boolean> {
    const answers = names.map(async (name) => {
      const path = `/cache/${encodeURIComponent(name)}`
      const { status, headers } = await this.#network.httpGet(address, path, PUSH_DEADLINE_MS, { [ORDER_NUMBER_HEADER]: `${number}` })
      if (address === this.#configuredFrontEnd && FRONT_END_HEADER in headers) this.#configuredIsOurs = true
      return status === 200
    })
    const settled = await Promise.allSettled(answers)
    return settled.every((answer) => answer.status === 'fulfilled' && answer.value)
  }

  /**
   * A front end of another make has no session, and the contract promises it the push all the same. A front end of our own
   * says what it is in a header of its answer; so the configured one gets this push until such an answer has come.
   */
  async #pushForeign(names: readonly string[], number: number): Promise<void> {
    if (this.#configuredIsOurs || this.#clock.monotonicMs() < this.#foreignRetryAt) return
    const reached = await this.#pushByHttp(this.#configuredFrontEnd, names, number)
    if (!reached) this.#foreignRetryAt = this.#clock.monotonicMs() + FOREIGN_PUSH_RETRY_MS
  }
}
