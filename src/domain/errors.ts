import { LIMITS } from './limits.ts'

/** One row of the error table: how a refusal looks on the HTTP wire, and its code on the gRPC wire where it has one. */
export interface ErrorRow {
  /** HTTP status. */
  readonly status: number
  /** `error.code` in the body; differs from the status where the contract says so. */
  readonly code: number
  /** `error.message` in the body. */
  readonly message: string
  /** `transactionNum` / `resultTrade` on the gRPC wire. */
  readonly wire?: number
}

/** Every error that a client of the HTTP interface can meet. docs/api.md lists each row, and a test compares the two. */
export const ERRORS = {
  STOCK_NOT_FOUND: { status: 404, code: 404, message: 'stock not found', wire: -1 },
  INVALID_TYPE: { status: 400, code: 400, message: 'invalid request type', wire: -2 },
  INVALID_QUANTITY: { status: 400, code: 404, message: 'invalid number of stocks', wire: -3 },
  NOT_ENOUGH: { status: 400, code: 404, message: 'not enough stocks available to buy', wire: -4 },
  LEVEL_LIMIT: { status: 400, code: 400, message: 'the stock cannot hold that many shares', wire: -5 },
  KEY_REUSED: { status: 422, code: 422, message: 'this Idempotency-Key was used with another order', wire: -6 },
  ORDER_NOT_FOUND: { status: 404, code: 404, message: 'transaction not found' },
  INVALID_BODY: { status: 400, code: 400, message: 'the body must be a JSON object with the members name, quantity and type' },
  INVALID_KEY: {
    status: 400,
    code: 400,
    message: `Idempotency-Key must be 1 to ${LIMITS.idempotencyKeyCharactersMax} visible ASCII characters`,
  },
  INVALID_LISTING: {
    status: 400,
    code: 400,
    message: `after must be an integer of at least -1, limit an integer from 1 to ${LIMITS.listingMax}`,
  },
  INVALID_BATCH: { status: 400, code: 400, message: `orders must be a list of 1 to ${LIMITS.batchOrdersMax} orders` },
  BATCH_TOO_LARGE: { status: 413, code: 413, message: `the body is larger than ${LIMITS.batchBodyBytesMax} bytes` },
  UNKNOWN_PATH: { status: 404, code: 404, message: 'no such path; see /docs for all of them' },
  INVALID_PATH: { status: 400, code: 400, message: 'the path is not valid percent-encoding' },
  WRONG_METHOD: { status: 405, code: 405, message: 'this path does not take that method; see the Allow header' },
  BODY_TOO_LARGE: { status: 413, code: 413, message: `the body is larger than ${LIMITS.requestBodyBytesMax} bytes` },
  INVALID_REQUEST: { status: 400, code: 400, message: 'this is no valid HTTP/1.1 request' },
  REQUEST_TIMEOUT: { status: 408, code: 408, message: 'the request did not arrive in full in time' },
  HEAD_TOO_LARGE: { status: 431, code: 431, message: 'the request line and the headers are too large' },
  OVERLOADED: { status: 503, code: 503, message: 'too many orders are waiting; this one was not placed, try again' },
  BUSY: { status: 503, code: 503, message: 'too many questions are waiting; try again' },
  NO_LEADER: { status: 503, code: 503, message: 'no replica leads at the moment; try again' },
  NOT_PLACED: { status: 503, code: 503, message: 'no leader could be reached in time; the order was not placed, try again' },
  MAY_HAVE_BEEN_PLACED: {
    status: 503,
    code: 503,
    message: 'no answer in time; the order may have been placed: send it again with the same Idempotency-Key to learn its number',
  },
  FATE_UNKNOWN: {
    status: 503,
    code: 503,
    message: 'another program led and gave no sure answer; the order may have been placed: look at the orders before you place it anew',
  },
  UNAVAILABLE: { status: 503, code: 503, message: 'the catalogue cannot be reached; try again' },
  INTERNAL: { status: 500, code: 500, message: 'internal error' },
} as const satisfies Record<string, ErrorRow>

export type ErrorName = keyof typeof ERRORS
