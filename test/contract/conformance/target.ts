import type { LeaderData, OrderData, PlacedData, StockData } from '../../../src/http/types.ts'
import { startCluster, type Addresses } from '../../cluster.ts'
import { eventually, HOPELESS_MS } from '../../fault/process.ts'
import { ask, dataOf, order, type HttpAnswer } from './http.ts'

/** The system under test. Any system that keeps the contract will do. */
export interface Target extends Addresses {
  close(): Promise<void>
}

const { BAZAAR_TARGET_HTTP, BAZAAR_TARGET_CATALOG, BAZAAR_TARGET_REPLICAS } = process.env

/** True when the suite was pointed at a running system. Others may use it, and it must be left as it was. */
export const isForeign = BAZAAR_TARGET_HTTP !== undefined

/**
 * Returns the running system that the environment names (BAZAAR_TARGET_HTTP=host:port, BAZAAR_TARGET_CATALOG=host:port,
 * BAZAAR_TARGET_REPLICAS=1=host:port,2=host:port,…). Otherwise it starts one for this suite, which `close` ends.
 */
export async function openTarget(): Promise<Target> {
  if (BAZAAR_TARGET_HTTP === undefined) {
    const cluster = await startCluster()
    const { frontEnd, catalogue, replicas } = cluster
    return { frontEnd, catalogue, replicas, close: () => cluster.stop() }
  }
  if (!BAZAAR_TARGET_CATALOG || !BAZAAR_TARGET_REPLICAS) {
    throw new Error('BAZAAR_TARGET_HTTP needs BAZAAR_TARGET_CATALOG and BAZAAR_TARGET_REPLICAS beside it')
  }
  const replicas = BAZAAR_TARGET_REPLICAS.split(',').map((replica) => {
    const [id, address = ''] = replica.split('=')
    return { id: Number(id), address }
  })
  return { frontEnd: BAZAAR_TARGET_HTTP, catalogue: BAZAAR_TARGET_CATALOG, replicas, close: async () => {} }
}

/** Resolves with the level of one stock, as the front end shows it. */
export async function levelOf({ frontEnd }: Addresses, name: string): Promise<number> {
  return dataOf<StockData>(await ask(frontEnd, `/stocks/${name}`)).quantity
}

/** Places an order that has to be accepted. Returns its number. */
export async function place({ frontEnd }: Addresses, name: string, type: 'buy' | 'sell', quantity: number): Promise<number> {
  return dataOf<PlacedData>(await order(frontEnd, { name, type, quantity })).transaction_number
}

export async function orderNumber({ frontEnd }: Addresses, number: number): Promise<OrderData> {
  return dataOf<OrderData>(await ask(frontEnd, `/orders/${number}`))
}

/** Waits until an order is answered with 404. Until the catalogue has confirmed that, the answer is 503. */
export async function untilUnknown({ frontEnd }: Addresses, number: number): Promise<void> {
  const { status } = await eventually(`order ${number} is unknown`, HOPELESS_MS, async () => {
    const answer = await ask(frontEnd, `/orders/${number}`)
    return answer.status === 503 ? undefined : answer
  })
  if (status !== 404) throw new Error(`order ${number}: ${status}, not 404`)
}

/** Waits until a replica leads. Returns its address. */
export async function leaderOf({ frontEnd }: Addresses): Promise<string> {
  const { leader } = await eventually('one leads', HOPELESS_MS, async () => dataOf<LeaderData>(await ask(frontEnd, '/leader')))
  return leader
}

/** Returns the addresses of the replicas that do not lead. */
export async function followersOf(target: Addresses): Promise<string[]> {
  const leader = await leaderOf(target)
  return target.replicas.map(({ address }) => address).filter((address) => address !== leader)
}

/** Returns the parts of a refusal to compare: its status, its code and its message (compared when it is a string). */
export function refusal(answer: HttpAnswer): { status: number; code: unknown; message: unknown } {
  const { error } = (answer.body ?? {}) as { error?: { code?: unknown; message?: unknown } }
  return { status: answer.status, code: error?.code, message: error?.message }
}
