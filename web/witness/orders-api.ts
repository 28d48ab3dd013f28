/** An order as a client words it. */
export interface OrderWords {
  readonly name: string
  readonly type: 'buy' | 'sell'
  readonly quantity: number
}

/** The answer to an order. `unknown`: it may have been placed or not, so it has to be repeated with its key. */
export type PlacedAnswer =
  | { readonly kind: 'placed'; readonly number: number; readonly replayed: boolean }
  | { readonly kind: 'refused'; readonly why: string }
  | { readonly kind: 'unknown'; readonly why: string }

/** The answer to a lookup of an order. `unknown`: nobody could say. */
export type ReadAnswer =
  | { readonly kind: 'found'; readonly order: OrderWords }
  | { readonly kind: 'missing' }
  | { readonly kind: 'unknown' }

/** The two questions that a witness asks. */
export interface OrdersApi {
  place(order: OrderWords, key: string): Promise<PlacedAnswer>
  read(number: number): Promise<ReadAnswer>
}

/** After how long an answer is given up, so that the order is repeated. The server gives an order up sooner. */
const PATIENCE_MS = 15_000

interface Answer {
  readonly data?: { readonly transaction_number?: number } & Partial<OrderWords>
  readonly error?: { readonly message: string }
}

/** Asks the front end that this page came from. */
export const ordersApi: OrdersApi = {
  async place(order, key) {
    try {
      const headers = { 'Content-Type': 'application/json', 'Idempotency-Key': key }
      const response = await fetch('/orders', {
        method: 'POST',
        headers,
        body: JSON.stringify(order),
        signal: AbortSignal.timeout(PATIENCE_MS),
      })
      const { data, error } = (await response.json()) as Answer
      const number = data?.transaction_number
      if (number !== undefined) return { kind: 'placed', number, replayed: response.headers.get('Idempotency-Replayed') === 'true' }
      const why = error?.message ?? `status ${response.status}`
      return response.status < 500 && response.status !== 429 && response.status !== 408
        ? { kind: 'refused', why }
        : { kind: 'unknown', why }
    } catch {
      return { kind: 'unknown', why: 'the connection was cut' }
    }
  },

  async read(number) {
    try {
      const response = await fetch(`/orders/${number}`, { cache: 'no-store', signal: AbortSignal.timeout(PATIENCE_MS) })
      const { data } = (await response.json()) as Answer
      if (data?.name !== undefined && data.type !== undefined && data.quantity !== undefined) {
        return { kind: 'found', order: { name: data.name, type: data.type, quantity: data.quantity } }
      }
      return response.status === 404 ? { kind: 'missing' } : { kind: 'unknown' }
    } catch {
      return { kind: 'unknown' }
    }
  },
}

/** Returns a key that no other client uses. */
export function newKey(prefix: string): string {
  const bytes = crypto.getRandomValues(new Uint8Array(8))
  return `${prefix}-${[...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')}`
}

/** Returns the line that places the order from a terminal. */
export function curlLine(origin: string, order: OrderWords, key: string): string {
  return `curl -s ${origin}/orders -H 'Idempotency-Key: ${key}' -d '${JSON.stringify(order).replaceAll("'", "'\\''")}'`
}
