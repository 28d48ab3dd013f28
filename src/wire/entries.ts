import { isTradeType, type Entry } from '../domain/order.ts'
import { RpcError } from './rpc-error.ts'
import type { Entry as WireEntry } from './messages.ts'

/** Entries as they came over the wire. Throws an {@link RpcError} when one is none. */
export function fromWireEntries(entries: readonly WireEntry[]): readonly Entry[] {
  const none = entries.find((entry) => !isTradeType(entry.type))
  if (none) throw new RpcError('INVALID_ARGUMENT', `entry ${none.number} has the type "${none.type}"`)
  return entries as readonly Entry[]
}
