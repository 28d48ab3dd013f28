/** Why a call or a stream failed. `code` is the gRPC status name. */
export class RpcError extends Error {
  override readonly name = 'RpcError'
  readonly code: RpcCode
  constructor(code: RpcCode, message: string) {
    super(message)
    this.code = code
  }
}

export type RpcCode =
  | 'UNAVAILABLE'
  | 'DEADLINE_EXCEEDED'
  | 'FAILED_PRECONDITION'
  | 'INVALID_ARGUMENT'
  | 'NOT_FOUND'
  | 'UNIMPLEMENTED'
  | 'RESOURCE_EXHAUSTED'
  | 'ABORTED'
  | 'INTERNAL'
  | 'UNKNOWN'

/** Whether a call failed because nobody answered: the other end may be gone, and may have done what it was asked to. */
export const isAway = (error: unknown): boolean =>
  error instanceof RpcError && (error.code === 'UNAVAILABLE' || error.code === 'DEADLINE_EXCEEDED')
