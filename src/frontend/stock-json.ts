import type { StockView } from '../wire/messages.ts'

/** Returns a stock as JSON, with its volume if that is asked for. */
export function stockJson({ name, priceCents, quantity, volume }: StockView, withVolume: boolean): string {
  const more = withVolume ? `,"volume":${volume}` : ''
  return `{"name":${JSON.stringify(name)},"price":${priceJson(priceCents)},"quantity":${quantity}${more}}`
}

/**
 * Returns a price in dollars, as the contract's JSON has it: always with a decimal point, so that a client whose language
 * tells integers from other numbers reads the same type for each. `JSON.stringify` would leave the point out of 20.0.
 */
export const priceJson = (cents: number): string => (cents % 100 === 0 ? `${cents / 100}.0` : `${cents / 100}`)
