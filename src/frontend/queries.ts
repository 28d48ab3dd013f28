import { sleep } from '../runtime/clock.ts'
import type { Asker } from '../runtime/gate.ts'
import type { Runtime } from '../wire/runtime.ts'
import type { Entry } from '../wire/messages.ts'
import type { Leadership } from './leadership.ts'
import { RETRY_MS } from './patience.ts'

/** The length of one try. A leader that has not answered by then may have been replaced. */
const QUERY_TRY_MS = 2_000

export type OrdersFound =
  | { readonly kind: 'found'; readonly entries: readonly Entry[] }
  | { readonly kind: 'not-found' }
  /** Nobody leads, the leader could not have its answer confirmed, or too many listings wait. */
  | { readonly kind: 'unavailable'; readonly error: 'NO_LEADER' | 'UNAVAILABLE' | 'BUSY' }

/** One order (limit 0), or a listing of up to `limit` orders from `number` on. */
export interface OrdersQuestion {
  readonly number: number
  readonly limit: number
  readonly asker: Asker
  /** The asker waits until this monotonic time. */
  readonly until: number
}

/** A question waits this long for a leader before the catalogue is asked. Most elections are over by then. */
const CATALOGUE_ASKED_AFTER_MS = 1_000
/** The catalogue is asked at most so many questions at a time. It has orders to decide. */
const AT_THE_CATALOGUE_MAX = 8

/** Finds orders by number. Asks the leader, and the catalogue when no leader could tell for a while. */
export class OrderQueries {
  readonly #runtime: Runtime
  readonly #leadership: Leadership
  readonly #catalogueAddress: string
  #atTheCatalogue = 0

  constructor(runtime: Runtime, leadership: Leadership, catalogueAddress: string) {
    this.#runtime = runtime
    this.#leadership = leadership
    this.#catalogueAddress = catalogueAddress
  }

  /**
   * Asks the leader for one order (limit 0), or for a listing from a number on, and asks again until somebody can tell. Says
   * "not found" only after a leader had that confirmed, or after the catalogue itself has said so. Asks nobody again once the
   * asker has gone.
   */
  async find(question: OrdersQuestion): Promise<OrdersFound> {
    const { number, limit, asker, until } = question
    const { clock } = this.#runtime
    const begun = clock.monotonicMs()
    // A question that had to wait for its turn may have no time left. Then nobody is asked.
    if (begun + RETRY_MS >= until) return { kind: 'unavailable', error: 'BUSY' }
    for (;;) {
      const leader = this.#leadership.leader
      const answer = await leader?.query(number, limit, Math.min(QUERY_TRY_MS, Math.max(0, until - clock.monotonicMs())))
      if (answer?.result === 'found') return { kind: 'found', entries: answer.entries }
      if (answer?.result === 'not-found') return { kind: 'not-found' }
      if (answer?.result === 'not-leader' && leader) this.#leadership.refused(leader)
      if (!asker.isGone && clock.monotonicMs() - begun >= CATALOGUE_ASKED_AFTER_MS) {
        const found = await this.#askCatalogue(question)
        if (found) return found
      }
      if (asker.isGone || clock.monotonicMs() + RETRY_MS >= until)
        return { kind: 'unavailable', error: leader ? 'UNAVAILABLE' : 'NO_LEADER' }
      await sleep(clock, RETRY_MS)
    }
  }

  /** Asks the catalogue. Returns undefined when it cannot tell, or has enough to do. */
  async #askCatalogue(question: OrdersQuestion): Promise<OrdersFound | undefined> {
    if (this.#atTheCatalogue >= AT_THE_CATALOGUE_MAX) return undefined
    this.#atTheCatalogue += 1
    try {
      return await this.#readAtCatalogue(question)
    } catch {
      return undefined
    } finally {
      this.#atTheCatalogue -= 1
    }
  }

  /** Reads orders at the catalogue. Published orders never change. */
  async #readAtCatalogue({ number, limit, asker, until }: OrdersQuestion): Promise<OrdersFound> {
    const { clock, network } = this.#runtime
    const address = this.#catalogueAddress
    const left = (): number => {
      if (asker.isGone) throw new Error('nobody waits for it any more')
      return Math.max(0, Math.min(QUERY_TRY_MS, until - clock.monotonicMs()))
    }
    const wanted = number + Math.max(1, limit)
    const { published } = await network.call(address, 'Catalog.Status', {}, left())
    const isKnown = wanted <= published
    const position = isKnown ? published : (await network.call(address, 'Catalog.Confirm', {}, left())).position
    if (limit === 0 && (number < 0 || number >= position)) return { kind: 'not-found' }
    const end = Math.min(wanted, position)
    const entries: Entry[] = []
    for (let from = number; from < end; from = number + entries.length) {
      const page = await network.call(address, 'Catalog.Read', { from, limit: end - from }, left())
      if (page.entries.length === 0) throw new Error('the catalogue does not read on')
      entries.push(...page.entries)
    }
    return { kind: 'found', entries }
  }
}
