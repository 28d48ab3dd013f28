import { withinAwake, type Clock } from '../runtime/clock.ts'
import type { MessageStream, Network } from '../wire/network.ts'
import type { LiveSession, ReplicaToFrontEnd } from '../wire/messages.ts'
import { FRONT_END_HEADER, ORDER_NUMBER_HEADER } from '../wire/push-headers.ts'

/** A front end that has not confirmed an invalidation by then is reported to the catalogue, which lets its session lapse. */
const PUSH_DEADLINE_MS = 200
/** A front end that owes this many confirmations is not sent any more. */
const UNCONFIRMED_MAX = 1_000
/** After a push to a foreign front end failed, the next try waits this long. */
const FOREIGN_RETRY_MS = 1_000

interface Route {
  readonly stream: MessageStream<ReplicaToFrontEnd>
  /** Pushes that are not confirmed yet, oldest first: a front end confirms each one, in order. */
  readonly unconfirmed: ((reached: boolean) => void)[]
}

/**
 * The invalidations that a leader pushes before it has a trade published: to front ends of our own over the stream they
 * keep to this replica, else by `GET /cache/<name>`.
 */
export class Pushes {
  readonly #clock: Clock
  readonly #network: Network
  readonly #caching: boolean
  readonly #configuredFrontEnd: string
  readonly #routes = new Map<string, Route>()
  /** The configured front end is one of ours: it holds a session, and needs no second push. */
  #configuredIsOurs = false
  #foreignRetryAt = 0

  constructor(clock: Clock, network: Network, options: { readonly caching: boolean; readonly frontEndAddress: string }) {
    this.#clock = clock
    this.#network = network
    this.#caching = options.caching
    this.#configuredFrontEnd = options.frontEndAddress
  }

  attach(frontEndId: string, stream: MessageStream<ReplicaToFrontEnd>): void {
    this.detach(frontEndId, this.#routes.get(frontEndId)?.stream)
    this.#routes.set(frontEndId, { stream, unconfirmed: [] })
  }

  detach(frontEndId: string, stream: MessageStream<ReplicaToFrontEnd> | undefined): void {
    const route = this.#routes.get(frontEndId)
    if (!route || route.stream !== stream) return
    this.#routes.delete(frontEndId)
    for (const settle of route.unconfirmed) settle(false)
  }

  /**
   * The front end has dropped what the oldest unconfirmed push on this stream named. What an earlier stream of its still
   * brings confirms pushes that were reported as failed when that stream was given up.
   */
  confirmed(frontEndId: string, stream: MessageStream<ReplicaToFrontEnd>): void {
    const route = this.#routes.get(frontEndId)
    if (route?.stream === stream) route.unconfirmed.shift()?.(true)
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
    if (route.unconfirmed.length >= UNCONFIRMED_MAX) return Promise.resolve(false)
    route.stream.send({ invalidate: { names, number } })
    return withinAwake(this.#clock, PUSH_DEADLINE_MS, new Promise((settle) => route.unconfirmed.push(settle)), false)
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
   * A front end of another make has no session; the contract promises it the push all the same. Whether the configured
   * one is of another make it tells in its answer to the first push.
   */
  async #pushForeign(names: readonly string[], number: number): Promise<void> {
    if (this.#configuredIsOurs || this.#clock.monotonicMs() < this.#foreignRetryAt) return
    const reached = await this.#pushByHttp(this.#configuredFrontEnd, names, number)
    if (!reached) this.#foreignRetryAt = this.#clock.monotonicMs() + FOREIGN_RETRY_MS
  }
}
