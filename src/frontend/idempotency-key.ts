import { CLIENT_KEY_PREFIX, FRONT_END_KEY_PREFIX, isIdempotencyKey } from '../domain/order.ts'
import type { Random } from '../runtime/random.ts'

/** The form of the keys that front ends make, as clients see them. */
const MADE_HERE = /^fe-[0-9a-f]{8}-[0-9a-z]{8}-[0-9a-f]{16}$/

/**
 * Makes keys for orders that come without one. The keys rise, so that they lie side by side in an index. They end in random
 * digits: anyone who could guess the next key could use it before its order comes.
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
 * Returns the key in an `Idempotency-Key` header: a string in double quotes (IETF draft-ietf-httpapi-idempotency-key-header)
 * or the bare text. Returns undefined when the key is not usable.
 */
export function parseKeyHeader(header: string): string | undefined {
  const quoted = /^"((?:[^"\\]|\\["\\])*)"$/.exec(header.trim())
  const key = quoted ? quoted[1]!.replace(/\\(["\\])/g, '$1') : header.trim()
  return isIdempotencyKey(key) ? key : undefined
}

/**
 * Returns the key under which the catalogue records the order. Keys of the form that front ends make get a prefix of their
 * own, so no other key of a client is ever equal to one of them.
 */
export const recordedKey = (key: string): string => (MADE_HERE.test(key) ? FRONT_END_KEY_PREFIX : CLIENT_KEY_PREFIX) + key
