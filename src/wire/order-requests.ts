import { hash } from 'node:crypto'
import { FOREIGN_KEY_PREFIX, isOrderQuantity, isTradeType, type OrderRequest } from '../domain/order.ts'
import { isStockName } from '../domain/stock.ts'
import type { Random } from '../runtime/random.ts'

/** The longest fingerprint that is no hash. Nearly every order fits. A hash has 32 digits. */
const PLAIN_FINGERPRINT_MAX = 48

/**
 * Returns the fingerprint of a request: the JSON array of its parts. When the array is long, the fingerprint is the first 32
 * hexadecimal digits of its SHA-256. A key that comes again with another fingerprint is refused.
 */
export function fingerprintOf(name: unknown, type: unknown, quantity: unknown): string {
  const text = JSON.stringify([name, type, quantity])
  return text.length <= PLAIN_FINGERPRINT_MAX ? text : hash('sha256', text).slice(0, 32)
}

/** Returns the client's type, or '' when no order can have it. The decision rejects '' like any other wrong type. */
export const possibleType = (type: unknown): OrderRequest['type'] => (isTradeType(type) ? type : '')

/** Returns the client's quantity, or 0 when no order can have it. */
export const possibleQuantity = (quantity: unknown): number => (isOrderQuantity(quantity) ? quantity : 0)

/** Makes a request of an order that came by one of the contract's single calls. Without a key, it gets a random one. */
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
