import { LIMITS } from '../domain/limits.ts'
import { CLIENT_KEY_PREFIX, FRONT_END_KEY_PREFIX } from '../domain/order.ts'

/** A key as clients see one that a front end made for them. */
const MADE_HERE = /^fe-[0-9a-f]{16}-[0-9a-z]{10}$/
const VISIBLE_ASCII = /^[\x21-\x7e]+$/

/** Makes keys for orders that come without one, rising so that they lie side by side in an index. */
export class FrontEndKeys {
  readonly #frontEndId: string
  #last = 0

  constructor(frontEndId: string) {
    this.#frontEndId = frontEndId
  }

  next(): string {
    this.#last += 1
    return `fe-${this.#frontEndId}-${this.#last.toString(36).padStart(10, '0')}`
  }
}

/**
 * The key in an `Idempotency-Key` header: a string in double quotes (IETF draft-ietf-httpapi-idempotency-key-header) or
 * the bare text. Undefined when it is no usable key.
 */
export function parseKeyHeader(header: string): string | undefined {
  const quoted = /^"((?:[^"\\]|\\["\\])*)"$/.exec(header.trim())
  const key = quoted ? quoted[1]!.replace(/\\(["\\])/g, '$1') : header.trim()
  return VISIBLE_ASCII.test(key) && key.length <= LIMITS.idempotencyKeyCharactersMax ? key : undefined
}

/** The key under which the catalogue records the order: what a front end made never meets what a client chose. */
export const recordedKey = (key: string): string => (MADE_HERE.test(key) ? FRONT_END_KEY_PREFIX : CLIENT_KEY_PREFIX) + key
