import { isTradeType, type Entry } from '../domain/order.ts'
import { RpcError } from '../runtime/network.ts'
import type { Entry as WireEntry } from './messages.ts'

/** Entries as they came over the wire. Throws an {@link RpcError} when one is none. */
export function fromWireEntries(entries: readonly WireEntry[]): Entry[] {
  return entries.map((entry) => {
    const { type } = entry
    if (!isTradeType(type)) throw new RpcError('INVALID_ARGUMENT', `entry ${entry.number} has the type "${type}"`)
    return { ...entry, type }
  })
}
