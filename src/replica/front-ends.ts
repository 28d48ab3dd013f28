import { LIMITS } from '../domain/limits.ts'
import type { Clock } from '../runtime/clock.ts'
import { Gate, type Asker } from '../runtime/gate.ts'
import type { ServedStream, StreamHandlers } from '../wire/network.ts'
import type { FrontEndToReplica, OrderQuery, PlaceBatch, PlaceOutcome, Ping, Pong, ReplicaToFrontEnd, RouteHello } from '../wire/messages.ts'
import type { Entry } from '../domain/order.ts'
import { NOT_LEADER } from '../wire/outcome-codes.ts'
import type { Leader, PendingOrder } from './leader.ts'
import type { Pushes } from './pushes.ts'

/** A front end asks again after that. */
const LISTING_PATIENCE_MS = 2_000

/** What a replica lets its front ends see and do. */
export interface RouteContext {
  readonly clock: Clock
  readonly pushes: Pushes
  leader(): Leader | undefined
  pong(ping: number): Pong
  /** A front end says which leader it uses, and under which address it reaches this replica. */
  told(ping: Ping, hello: RouteHello | undefined): void
  find(number: number): Promise<OrderFound>
  list(from: number, limit: number, asker: Asker): Promise<OrdersListed>
}

export type OrderFound =
  | { readonly kind: 'found'; readonly entry: Entry }
  | { readonly kind: 'not-found' | 'not-leader' | 'unavailable' }
export type OrdersListed =
  | { readonly kind: 'found'; readonly entries: readonly Entry[] }
  | { readonly kind: 'not-leader' | 'unavailable' }

/** The replica's end of one front end's stream: pings, orders and their outcomes, queries, invalidations. */
export function routeFrontEnd(context: RouteContext, stream: ServedStream<ReplicaToFrontEnd>): StreamHandlers<FrontEndToReplica> {
  let frontEndId = ''
  let greeting: RouteHello | undefined
  let outcomes: PlaceOutcome[] = []
  let isClosed = false
  const asker: Asker = {
    get isGone() {
      return isClosed
    },
  }
  /** The listings of this front end, one after the other: the next one is read when it has taken the one before. */
  const listings = new Gate(context.clock, { placesMax: 1, waitingMax: LIMITS.readsPerCallerMax })

  /** Outcomes of one moment travel in one message. */
  const tell = (outcome: PlaceOutcome) => {
    if (outcomes.push(outcome) > 1) return
    queueMicrotask(() => {
      const all = outcomes
      outcomes = []
      for (let at = 0; at < all.length; at += LIMITS.outcomesMax) {
        stream.send({ result: { outcomes: all.slice(at, at + LIMITS.outcomesMax) } })
      }
    })
  }

  const place = ({ first, requests }: PlaceBatch) => {
    const orders = requests.map((request, i): PendingOrder => ({ request, settle: (answer) => tell({ id: first + i, ...answer }) }))
    const leader = context.leader()
    if (leader) leader.place(orders)
    else for (const order of orders) order.settle({ number: NOT_LEADER, replayed: false })
  }

  const answer = (query: number, found: OrderFound | OrdersListed) => {
    const entries = 'entries' in found ? found.entries : 'entry' in found ? [found.entry] : []
    stream.send({ answer: { query, result: found.kind, entries } })
  }

  const list = async ({ query, number, limit }: OrderQuery): Promise<true> => {
    answer(query, await context.list(number, limit, asker))
    await stream.drained()
    return true
  }

  const find = async (question: OrderQuery): Promise<void> => {
    const { query, number, limit } = question
    if (limit === 0) return answer(query, await context.find(number))
    const listed = await listings.run(asker, LISTING_PATIENCE_MS, () => list(question))
    if (!listed) answer(query, { kind: 'unavailable' })
  }

  return {
    message: ({ hello, ping, place: batch, query, invalidated }) => {
      if (hello) {
        frontEndId = hello.frontEndId
        greeting = hello
        context.pushes.attach(frontEndId, stream)
      }
      if (ping) {
        context.told(ping, greeting)
        stream.send({ pong: context.pong(ping.ping) })
      }
      if (batch) place(batch)
      if (query) void find(query)
      if (invalidated) context.pushes.confirmed(frontEndId, stream)
    },
    closed: () => {
      isClosed = true
      context.pushes.detach(frontEndId, stream)
    },
  }
}
