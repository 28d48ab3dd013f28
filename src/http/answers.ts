import { parseJson } from '../domain/text.ts'
import type { ExchangeResult } from '../runtime/http-exchange.ts'
import type { ErrorBody, PlacedData } from './types.ts'

/** A refusal by the front end. It is final: the same request gets the same refusal again. */
export interface Refused {
  readonly kind: 'refused'
  /** HTTP status. */
  readonly status: number
  /** `error.code` of the body. */
  readonly code: number
  readonly message: string
}

export type Answer<T> =
  | { readonly kind: 'ok'; readonly value: T }
  | Refused
  /** The outcome is not known. */
  | { readonly kind: 'unknown'; readonly cause: string }

/** The outcome of an order. `key` is the Idempotency-Key it was sent under. */
export type PlaceAnswer =
  | { readonly kind: 'ok'; readonly number: number; readonly replayed: boolean; readonly key: string }
  | Refused
  | {
      readonly kind: 'unknown'
      readonly cause: string
      readonly key: string
      /** False when no attempt can have reached the log. */
      readonly mayHaveBeenPlaced: boolean
    }

/** The result of one attempt. */
export type Attempt<V> =
  | V
  | Refused
  | {
      readonly kind: 'unknown'
      readonly cause: string
      /** How long the server asks to wait before the next attempt; 0 when it does not say. */
      readonly retryAfterMs: number
      readonly mayHaveHappened: boolean
    }

/** Reads the answer to a GET. The front end is trusted with the shape of its own data. */
export function readValue<T>(result: ExchangeResult): Attempt<{ kind: 'ok'; value: T }> {
  return read(result, (data) => ({ kind: 'ok', value: data as T }))
}

/** Reads the answer to an order. */
export function readPlaced(result: ExchangeResult, key: string): Attempt<Extract<PlaceAnswer, { kind: 'ok' }>> {
  return read(result, (data, headers) => {
    const { transaction_number: number } = data as Partial<PlacedData>
    if (number === undefined || !Number.isSafeInteger(number)) return undefined
    return { kind: 'ok', number, replayed: headers['idempotency-replayed'] === 'true', key }
  })
}

type Answered = Extract<ExchangeResult, { kind: 'answered' }>

function read<V extends { kind: 'ok' }>(
  result: ExchangeResult,
  accept: (data: object, headers: Answered['headers']) => V | undefined,
): Attempt<V> {
  if (result.kind === 'failed') {
    return { kind: 'unknown', cause: result.cause, retryAfterMs: 0, mayHaveHappened: result.sent }
  }
  const { status, headers } = result
  const body = parse(result.text)
  const data = body?.data
  const accepted = status === 200 && typeof data === 'object' && data !== null ? accept(data, headers) : undefined
  if (accepted) return accepted
  const error = body?.error as ErrorBody['error'] | undefined
  if (status >= 400 && status < 500 && error) return { kind: 'refused', status, code: error.code, message: error.message }
  return {
    kind: 'unknown',
    cause: error ? `${status} ${error.message}` : `${status} with an unexpected body: ${excerpt(result.text)}`,
    retryAfterMs: secondsToMs(headers['retry-after']),
    // A 503 names the key exactly when the order may have been placed.
    mayHaveHappened: !(status === 503 && error && error.idempotencyKey === undefined),
  }
}

function parse(text: string): { data?: unknown; error?: unknown } | undefined {
  const body = parseJson(text)
  return typeof body === 'object' && body !== null ? body : undefined
}

const excerpt = (text: string): string => JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text)

function secondsToMs(retryAfter: string | undefined): number {
  const seconds = Number(retryAfter ?? 0)
  return Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : 0
}
