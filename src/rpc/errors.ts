import { status } from '@grpc/grpc-js'
import { RpcError, type RpcCode } from '../runtime/network.ts'

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

/** What grpc-js reports, as the services see it. */
export function toRpcError(error: { readonly code?: number; readonly details?: string; readonly message: string }): RpcError {
  return new RpcError((error.code !== undefined && CODES[error.code]) || 'UNKNOWN', error.details || error.message)
}

/** What a handler threw, as grpc-js sends it. */
export function toStatus(error: unknown): { code: number; details: string } {
  if (error instanceof RpcError) return { code: status[error.code], details: error.message }
  return { code: status.INTERNAL, details: 'internal error' }
}
