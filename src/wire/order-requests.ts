import { hash } from 'node:crypto'
import { FOREIGN_KEY_PREFIX, isOrderQuantity, isTradeType, type OrderRequest } from '../domain/order.ts'
import { isStockName } from '../domain/stock.ts'
import type { Random } from '../runtime/random.ts'

/** Long enough for nearly every order; a hash has 32 digits. */
const PLAIN_FINGERPRINT_MAX = 48

/**
 * What a client asked for, in short: a key that comes back with another fingerprint is refused. The JSON array of it, or
 * where that is long the first 32 hexadecimal digits of its SHA-256.
 */
export function fingerprintOf(name: unknown, type: unknown, quantity: unknown): string {
  const text = JSON.stringify([name, type, quantity])
  return text.length <= PLAIN_FINGERPRINT_MAX ? text : hash('sha256', text).slice(0, 32)
}

/** What is worth to be decided of a client's type: '' stands for one that no order can have, and is rejected as that would be. */
export const possibleType = (type: unknown): OrderRequest['type'] => (isTradeType(type) ? type : '')

/** The same of a quantity, for which 0 stands. */
export const possibleQuantity = (quantity: unknown): number => (isOrderQuantity(quantity) ? quantity : 0)

/** An order that came by one of the contract's single calls: without a key of the caller's it gets one of its own. */
export function foreignRequest(
  order: { readonly name: string; readonly type: string; readonly quantity: number; readonly key: string },
  random: Random,
): OrderRequest {
  const { name, type, quantity } = order
  const key = FOREIGN_KEY_PREFIX + (order.key || random.id(16))
  return {
    key,
    fingerprint: fingerprintOf(name, type, quantity),
    name: isStockName(name) ? name : '',
    type: possibleType(type),
    quantity: possibleQuantity(quantity),
  }
}
