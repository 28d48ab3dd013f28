import { CLIENT_KEY_PREFIX, FRONT_END_KEY_PREFIX, isIdempotencyKey } from '../domain/order.ts'
import type { Random } from '../runtime/random.ts'

/** A key as clients see one that a front end made for them. */
const MADE_HERE = /^fe-[0-9a-f]{8}-[0-9a-z]{8}-[0-9a-f]{16}$/

/**
 * Makes keys for orders that come without one. They rise, so that they lie side by side in an index, and end in chance:
 * whoever could guess the next one could take it before its order comes.
 */
export class FrontEndKeys {
  readonly #random: Random
  readonly #prefix: string
  #last = 0

  constructor(random: Random, frontEndId: string) {
    this.#random = random
    this.#prefix = `fe-${frontEndId.slice(0, 8)}-`
  }

  next(): string {
    this.#last += 1
    return `${this.#prefix}${this.#last.toString(36).padStart(8, '0')}-${this.#random.id(8)}`
  }
}

/**
 * The key in an `Idempotency-Key` header: a string in double quotes (IETF draft-ietf-httpapi-idempotency-key-header) or
 * the bare text. Undefined when it is no usable key.
 */
export function parseKeyHeader(header: string): string | undefined {
  const quoted = /^"((?:[^"\\]|\\["\\])*)"$/.exec(header.trim())
  const key = quoted ? quoted[1]!.replace(/\\(["\\])/g, '$1') : header.trim()
  return isIdempotencyKey(key) ? key : undefined
}

/** The key under which the catalogue records the order: what a front end made never meets what a client chose. */
export const recordedKey = (key: string): string => (MADE_HERE.test(key) ? FRONT_END_KEY_PREFIX : CLIENT_KEY_PREFIX) + key
