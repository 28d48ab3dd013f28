import { status } from '@grpc/grpc-js'
import { RpcError, type RpcCode } from '../wire/rpc-error.ts'

const CODES: Readonly<Partial<Record<number, RpcCode>>> = {
  [status.UNAVAILABLE]: 'UNAVAILABLE',
  [status.CANCELLED]: 'UNAVAILABLE',
  [status.DEADLINE_EXCEEDED]: 'DEADLINE_EXCEEDED',
  [status.FAILED_PRECONDITION]: 'FAILED_PRECONDITION',
  [status.INVALID_ARGUMENT]: 'INVALID_ARGUMENT',
  [status.NOT_FOUND]: 'NOT_FOUND',
  [status.UNIMPLEMENTED]: 'UNIMPLEMENTED',
  [status.RESOURCE_EXHAUSTED]: 'RESOURCE_EXHAUSTED',
  [status.ABORTED]: 'ABORTED',
  [status.INTERNAL]: 'INTERNAL',
}

/** Turns an error of grpc-js into the error that services see. */
export function toRpcError(error: { readonly code?: number; readonly details?: string; readonly message: string }): RpcError {
  const code = (error.code !== undefined && CODES[error.code]) || 'UNKNOWN'
  return new RpcError(code, plainWords(error.details || error.message))
}

/** Removes the debugging words of grpc-js, since people read the message in `bazaar status`. */
const plainWords = (details: string): string =>
  details
    .replace(/^No connection established\. Last error: (?:Error: )?(.*?)\.? Resolution note: .*$/s, '$1')
    .replace(/^(Deadline exceeded after [\d.]+s),.*$/s, '$1')

/** Turns an error that a handler threw into the status that grpc-js sends. */
export function toStatus(error: unknown): { code: number; details: string } {
  if (error instanceof RpcError) return { code: status[error.code], details: error.message }
  return { code: status.INTERNAL, details: 'internal error' }
}
