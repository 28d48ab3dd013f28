import { fileURLToPath } from 'node:url'
import type { MethodDefinition, ServiceDefinition } from '@grpc/grpc-js'
import { fromJSON } from '@grpc/proto-loader'
import type { ServerStreamMethod, StreamMethod, UnaryMethod } from '../wire/network.ts'
import { beginWithDefaults, codecOf, loadContract } from './codec.ts'
import { violationOf } from '../wire/message-rules.ts'

export const PROTO_FILE = fileURLToPath(new URL('../../proto/stockbazaar.proto', import.meta.url))

export const SERVICE_NAMES = ['Catalog', 'Order'] as const

const contract = loadContract(PROTO_FILE)

/** The contract in the form that grpc-js takes. */
export const definitions = fromJSON(contract.toJSON())

/** Names of each method's request and response message. */
const messageNames = new Map<string, { readonly request: string; readonly response: string }>()

beginWithDefaults(contract)
for (const name of SERVICE_NAMES) {
  const service = definitions[name] as ServiceDefinition
  for (const { name: method, resolvedRequestType, resolvedResponseType } of contract.lookupService(name).methodsArray) {
    messageNames.set(`${name}.${method}`, { request: resolvedRequestType!.name, response: resolvedResponseType!.name })
    const [request, response] = [codecOf(resolvedRequestType!), codecOf(resolvedResponseType!)]
    Object.assign(service[method]!, {
      requestSerialize: request.encode,
      requestDeserialize: request.decode,
      responseSerialize: response.encode,
      responseDeserialize: response.decode,
    })
  }
}

export type MethodName = UnaryMethod | StreamMethod | ServerStreamMethod

/** Returns path and codecs of one method, by a name such as `Order.Request`. */
export function methodDefinition(method: MethodName): MethodDefinition<object, object> {
  const [service, name] = method.split('.') as [string, string]
  const found = (definitions[service] as ServiceDefinition)[name]
  if (!found) throw new Error(`the contract has no method ${method}`)
  return found
}

/** Says what is wrong with a request of a method, or with an answer to one; undefined when nothing is. */
export function wrongIn(method: MethodName, side: 'request' | 'response', message: object): string | undefined {
  const names = messageNames.get(method)
  if (!names) throw new Error(`the contract has no method ${method}`)
  return violationOf(names[side], message)
}
