import type { LiveState } from '../../http/live.ts'
import type { StatusData } from '../../http/types.ts'
import type { Network } from '../../wire/network.ts'

const DIGEST_DEADLINE_MS = 500
/** So many digits of a digest are told. */
const DIGITS = 16

/**
 * Returns the digests of all reachable logs at one number, the length of the shortest one. They do not change any more, so it
 * does not matter that the processes are asked one after the other. Null when no log can be reached.
 */
export async function commonDigests(network: Network, { catalogue, replicas }: StatusData): Promise<LiveState['common']> {
  const logs = [catalogue, ...replicas].flatMap((log) => (log.reachable ? [log] : []))
  if (logs.length === 0) return null
  const number = Math.min(...logs.map(({ length }) => length))
  const digestOf = async ({ name, address, length, digest }: (typeof logs)[number]): Promise<readonly (readonly [string, string])[]> => {
    if (length === number) return [[name, digest.slice(0, DIGITS)]]
    const method = name === catalogue.name ? 'Catalog.Read' : 'Order.Read'
    const page = await network.call(address, method, { from: number, limit: 0 }, DIGEST_DEADLINE_MS).catch(() => undefined)
    return page && page.digest !== '' ? [[name, page.digest.slice(0, DIGITS)]] : []
  }
  const digests = await Promise.all(logs.map(digestOf))
  return { number, digests: Object.fromEntries(digests.flat()) }
}
