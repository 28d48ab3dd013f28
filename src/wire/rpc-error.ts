/** The error with which a call or a stream fails. `code` is the gRPC status name. */
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

/** Says whether a call failed because nobody answered. The other end may be gone, and it may have carried out the call. */
export const isAway = (error: unknown): boolean =>
  error instanceof RpcError && (error.code === 'UNAVAILABLE' || error.code === 'DEADLINE_EXCEEDED')
