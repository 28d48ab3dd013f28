import type { OrderData, StatusData } from '../../src/http/types.ts'
import { startCluster, type Cluster } from '../cluster.ts'
import { ask, dataOf } from '../contract/conformance/http.ts'
import { checkEndState } from '../end-state.ts'
import { eventually } from '../fault/process.ts'
import { Trading } from '../nemesis/trading.ts'
import { writeHistory } from './history.ts'

/** How long clients repeat an order, and others wait. It takes minutes to rebuild a ledger of millions. */
export const DEADLINE_MS = 300_000
/** How long a process that was taken away may take to answer again. It may still lack entries then. */
const REACHABLE_DEADLINE_MS = 120_000

/** The state of a system at one moment. */
export interface Moment {
  readonly atMs: number
  readonly acknowledged: number
  readonly status: StatusData
}

/** A system of real processes that has taken many orders or few, and clients that trade with it now and then. */
export class TradedSystem {
  readonly cluster: Cluster
  readonly ordersAtStart: number
  /** The time from the start of its processes until it traded. */
  readonly startMs: number
  /** Orders that were given up. */
  failedOrders = 0
  readonly #acknowledged: OrderData[] = []

  private constructor(cluster: Cluster, ordersAtStart: number, startMs: number) {
    this.cluster = cluster
    this.ordersAtStart = ordersAtStart
    this.startMs = startMs
  }

  static async begin(orders: number, tell: (what: string) => void): Promise<TradedSystem> {
    let since = 0
    const cluster = await startCluster({}, async (folder) => {
      await writeHistory(folder, orders, (what) => tell(`${orders} orders: ${what}`))
      since = performance.now()
    })
    return new TradedSystem(cluster, orders, performance.now() - since)
  }

  /** Lets `clients` place orders without pause while `work` runs. */
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

  /** Resolves with the next moment at which every process tells its status. If one did not, its CPU would be lost. */
  moment(trading: Trading): Promise<Moment> {
    return eventually('every process tells its status', REACHABLE_DEADLINE_MS, async () => {
      const status = dataOf<StatusData>(await ask(this.cluster.frontEnd, '/status'))
      const isWhole = [status.catalogue, ...status.replicas].every(({ reachable }) => reachable)
      return isWhole ? { atMs: performance.now(), acknowledged: trading.acknowledged.length, status } : undefined
    })
  }

  /** Throws when an acknowledged order is lost or wrong, whatever was taken away from the system meanwhile. */
  async check(): Promise<void> {
    await checkEndState(this.cluster, this.#acknowledged)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.cluster.stop()
  }
}

/** The orders of a period, and their cost. */
export interface Interval {
  readonly ms: number
  readonly traded: number
  readonly ordersPerSecond: number
  /** CPU of all processes. */
  readonly cpuUs: number
}

export function intervalOf(begin: Moment, end: Moment): Interval {
  const [ms, traded] = [end.atMs - begin.atMs, end.acknowledged - begin.acknowledged]
  const cpuUs = cpuUsed(begin.status, end.status).reduce((sum, each) => sum + each.cpuUs, 0)
  return { ms, traded, ordersPerSecond: (traded / ms) * 1_000, cpuUs }
}

/** Returns the CPU that each process has used between the two. For a process that was started meanwhile, it is that since its start. */
export function cpuUsed(before: StatusData, after: StatusData) {
  const earlier = new Map(membersOf(before).map(({ pid, cpuMicroseconds }) => [pid, cpuMicroseconds]))
  return membersOf(after).map((member) => ({ member, cpuUs: member.cpuMicroseconds - (earlier.get(member.pid) ?? 0) }))
}

const membersOf = ({ catalogue, replicas, frontEnd }: StatusData) =>
  [catalogue, ...replicas, frontEnd].flatMap((member) => (member.reachable ? [member] : []))
