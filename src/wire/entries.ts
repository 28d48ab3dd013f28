import { isTradeType, type Entry } from '../domain/order.ts'
import { RpcError } from './rpc-error.ts'
import type { Entry as WireEntry } from './messages.ts'

/** Returns entries that came over the wire as entries of the domain. Throws an {@link RpcError} when one has an unknown type. */
export function fromWireEntries(entries: readonly WireEntry[]): readonly Entry[] {
  const none = entries.find((entry) => !isTradeType(entry.type))
  if (none) throw new RpcError('INVALID_ARGUMENT', `entry ${none.number} has the type "${none.type}"`)
  return entries as readonly Entry[]
}
