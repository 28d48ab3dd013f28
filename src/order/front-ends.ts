import type { MessageStream, StreamHandlers } from '../runtime/network.ts'
import type { FrontEndToReplica, OrderQuery, PlaceBatch, PlaceOutcome, Ping, Pong, ReplicaToFrontEnd } from '../rpc/messages.ts'
import type { Entry } from '../domain/order.ts'
import { NOT_LEADER } from '../rpc/outcome-codes.ts'
import type { Leader, PendingOrder } from './leader.ts'
import type { Pushes } from './pushes.ts'

/** What a replica lets its front ends see and do. */
export interface RouteContext {
  readonly pushes: Pushes
  leader(): Leader | undefined
  pong(ping: number): Pong
  /** A front end uses the leader that its ping names. */
  toldOfLeader(ping: Ping): void
  toldOwnAddress(address: string): void
  find(number: number): Promise<OrderFound>
  list(from: number, limit: number): Promise<OrdersListed>
}

export type OrderFound =
  | { readonly kind: 'found'; readonly entry: Entry }
  | { readonly kind: 'not-found' | 'not-leader' | 'unavailable' }
export type OrdersListed =
  | { readonly kind: 'found'; readonly entries: readonly Entry[] }
  | { readonly kind: 'not-leader' | 'unavailable' }

/** The replica's end of one front end's stream: pings, orders and their outcomes, queries, invalidations. */
export function routeFrontEnd(context: RouteContext, stream: MessageStream<ReplicaToFrontEnd>): StreamHandlers<FrontEndToReplica> {
  let frontEndId = ''
  let outcomes: PlaceOutcome[] = []

  /** Outcomes of one moment travel in one message. */
  const tell = (outcome: PlaceOutcome) => {
    if (outcomes.push(outcome) > 1) return
    queueMicrotask(() => {
      stream.send({ result: { outcomes } })
      outcomes = []
    })
  }

  const place = ({ first, requests }: PlaceBatch) => {
    const orders = requests.map((request, i): PendingOrder => ({ request, settle: (answer) => tell({ id: first + i, ...answer }) }))
    const leader = context.leader()
    if (leader) leader.place(orders)
    else for (const order of orders) order.settle({ number: NOT_LEADER, replayed: false })
  }

  const answer = async ({ query, number, limit }: OrderQuery) => {
    const found = limit > 0 ? await context.list(number, limit) : await context.find(number)
    const entries = 'entries' in found ? found.entries : 'entry' in found ? [found.entry] : []
    stream.send({ answer: { query, result: found.kind, entries } })
  }

  return {
    message: ({ hello, ping, place: batch, query, invalidated }) => {
      if (hello) {
        frontEndId = hello.frontEndId
        context.pushes.attach(frontEndId, stream)
        context.toldOwnAddress(hello.replicaAddress)
      }
      if (ping) {
        context.toldOfLeader(ping)
        stream.send({ pong: context.pong(ping.ping) })
      }
      if (batch) place(batch)
      if (query) void answer(query)
      if (invalidated) context.pushes.confirmed(frontEndId, stream)
    },
    closed: () => context.pushes.detach(frontEndId, stream),
  }
}
