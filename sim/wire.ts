import { LIMITS } from '../src/domain/limits.ts'
import { wrongIn, type MethodName } from '../src/rpc/definitions.ts'

/** Says why the real network would refuse a message: its size, or a field. Returns undefined when it takes the message. */
export function wrongOnArrival(method: MethodName, side: 'request' | 'response', message: object): string | undefined {
  const bytes = bytesOf(message)
  if (bytes > LIMITS.messageBytesMax) return `a message of ${bytes} bytes, at most ${LIMITS.messageBytesMax} are taken`
  return wrongIn(method, side, message)
}

/** Estimates the bytes that a message takes on the wire: its texts, and a few bytes for each number. */
function bytesOf(value: unknown): number {
  if (typeof value === 'string') return value.length + 2
  if (typeof value !== 'object' || value === null) return 4
  let bytes = 2
  for (const part of Object.values(value)) bytes += bytesOf(part)
  return bytes
}
