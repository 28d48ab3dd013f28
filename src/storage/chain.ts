import { hash } from 'node:crypto'
import type { Entry } from '../domain/order.ts'
import type { Stock } from '../domain/stock.ts'

/** The start of a history: which cluster it belongs to and what was for sale. Every log stores it. */
export interface Genesis {
  readonly clusterId: string
  readonly stocks: readonly Stock[]
}

/**
 * Returns the longest length up to `max` at which two logs of one genesis have the same digest. Finds it by bisection: equal
 * digests mean equal histories, and after the first difference digests never become equal again. `isSameAt` compares the
 * digests at one length. `max` is tried first, because the logs mostly agree there.
 */
export async function commonLength(max: number, isSameAt: (length: number) => Promise<boolean>): Promise<number> {
  let [low, high] = [0, max]
  for (let length = max; low < high; length = Math.ceil((low + high) / 2)) {
    if (await isSameAt(length)) low = length
    else high = length - 1
  }
  return low
}

/** Returns the digest of an empty log: SHA-256 over the genesis, as 64 hexadecimal digits. */
export function genesisDigest(genesis: Genesis): string {
  const stocks = genesis.stocks.map((s) => [s.name, s.priceCents, s.quantity, s.volume])
  return hash('sha256', JSON.stringify([genesis.clusterId, stocks]))
}

/**
 * Returns SHA-256(previous digest, entry), as 64 hexadecimal digits. The input is the previous digest's text followed by a
 * JSON array of the entry's members, so that anyone can recompute it from the database file in any language. Equal digests at
 * one number mean equal histories up to it.
 */
export function chainDigest(previous: string, entry: Entry): string {
  return hash(
    'sha256',
    previous +
      JSON.stringify([entry.number, entry.generation, entry.key, entry.fingerprint, entry.name, entry.type, entry.quantity, entry.timeMs]),
  )
}
