import { hash } from 'node:crypto'
import { FOREIGN_KEY_PREFIX, isOrderQuantity, isTradeType, type OrderRequest } from '../domain/order.ts'
import { isStockName } from '../domain/stock.ts'
import type { Random } from '../runtime/random.ts'

/** Long enough for nearly every order; a hash has 32 digits. */
const PLAIN_FINGERPRINT_MAX = 48

/**
 * The fingerprint of a request: the JSON array of its parts, or, when that is long, the first 32 hexadecimal digits of the
 * array's SHA-256. A key that comes again with another fingerprint is refused.
 */
export function fingerprintOf(name: unknown, type: unknown, quantity: unknown): string {
  const text = JSON.stringify([name, type, quantity])
  return text.length <= PLAIN_FINGERPRINT_MAX ? text : hash('sha256', text).slice(0, 32)
}

/** The client's type, or '' when no order can have it. The decision rejects '' like any other wrong type. */
export const possibleType = (type: unknown): OrderRequest['type'] => (isTradeType(type) ? type : '')

/** The client's quantity, or 0 when no order can have it. */
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
