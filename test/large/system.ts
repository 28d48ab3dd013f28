import type { OrderData, StatusData } from '../../src/http/types.ts'
import { Cluster } from '../cluster.ts'
import { ask, dataOf } from '../contract/conformance/http.ts'
import { checkEndState } from '../end-state.ts'
import { Trading } from '../nemesis/trading.ts'
import { writeHistory } from './history.ts'

/** A ledger of millions is rebuilt for minutes: so long clients repeat an order, and everybody else waits. */
export const DEADLINE_MS = 300_000

/** How far everything was at one time. */
export interface Moment {
  readonly atMs: number
  readonly acknowledged: number
  readonly status: StatusData
}

/** A system of real processes that has taken many orders or few, and clients that trade with it now and then. */
export class TradedSystem {
  readonly cluster: Cluster
  /** Orders that it had when it was started. */
  readonly orders: number
  /** From the start of its processes until it traded. */
  readonly startMs: number
  /** Orders that were given up. */
  failedOrders = 0
  readonly #acknowledged: OrderData[] = []

  private constructor(cluster: Cluster, orders: number, startMs: number) {
    this.cluster = cluster
    this.orders = orders
    this.startMs = startMs
  }

  static async begin(orders: number, tell: (what: string) => void): Promise<TradedSystem> {
    const cluster = new Cluster({ replicas: 3, caching: true, frontEnds: 1, words: [], environment: {} })
    try {
      await writeHistory(cluster.dataDir, orders, (what) => tell(`${orders} orders: ${what}`))
      const since = performance.now()
      await cluster.start()
      return new TradedSystem(cluster, orders, performance.now() - since)
    } catch (error) {
      await cluster.stop().catch(() => {}) // What went wrong first is what counts.
      throw error
    }
  }

  /** Has `clients` place orders without pause for as long as `work` takes. */
  async whileTrading<T>(clients: number, work: (trading: Trading) => Promise<T>): Promise<T> {
    const trading = new Trading(this.cluster.frontEnd, clients, DEADLINE_MS)
    try {
      return await work(trading)
    } finally {
      await trading.stop()
      for (const order of trading.acknowledged) this.#acknowledged.push(order)
      this.failedOrders += trading.failed.length
    }
  }

  async moment(trading: Trading): Promise<Moment> {
    const status = dataOf<StatusData>(await ask(this.cluster.frontEnd, '/status'))
    return { atMs: performance.now(), acknowledged: trading.acknowledged.length, status }
  }

  /** Throws when an acknowledged order is lost or wrong, whatever was taken away from the system meanwhile. */
  async check(): Promise<void> {
    await checkEndState(this.cluster, this.#acknowledged)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.cluster.stop()
  }
}

/** What happened from one moment to another. */
export function between(one: Moment, other: Moment) {
  const [ms, traded] = [other.atMs - one.atMs, other.acknowledged - one.acknowledged]
  const cpuUs = cpuUsed(one.status, other.status).reduce((sum, each) => sum + each.cpuUs, 0)
  return { ms, traded, ordersPerSecond: (traded / ms) * 1_000, cpuUs }
}

/** What each process has used between the two, one that was started meanwhile since its start. */
export function cpuUsed(before: StatusData, after: StatusData) {
  const earlier = new Map(membersOf(before).map(({ pid, cpuMicroseconds }) => [pid, cpuMicroseconds]))
  return membersOf(after).map((member) => ({ member, cpuUs: member.cpuMicroseconds - (earlier.get(member.pid) ?? 0) }))
}

const membersOf = ({ catalogue, replicas, frontEnd }: StatusData) =>
  [catalogue, ...replicas, frontEnd].flatMap((member) => (member.reachable ? [member] : []))
