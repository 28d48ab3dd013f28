import { fileURLToPath } from 'node:url'
import type { MethodDefinition, ServiceDefinition } from '@grpc/grpc-js'
import { loadSync } from '@grpc/proto-loader'
import type { ServerStreamMethod, StreamMethod, UnaryMethod } from '../runtime/network.ts'

export const PROTO_FILE = fileURLToPath(new URL('../../proto/stockbazaar.proto', import.meta.url))

/** The contract as grpc-js wants it. 64-bit integers are numbers here: every one of ours stays below 2^53. */
export const definitions = loadSync(PROTO_FILE, { keepCase: true, longs: Number, defaults: true })

export const SERVICE_NAMES = ['Catalog', 'Order'] as const

type MethodName = UnaryMethod | StreamMethod | ServerStreamMethod

/** Path and codecs of one method, by a name such as `Order.Request`. */
export function methodDefinition(method: MethodName): MethodDefinition<object, object> {
  const [service, name] = method.split('.') as [string, string]
  const found = (definitions[service] as ServiceDefinition)[name]
  if (!found) throw new Error(`the contract has no method ${method}`)
  return found
}
