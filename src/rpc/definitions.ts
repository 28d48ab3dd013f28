import { fileURLToPath } from 'node:url'
import type { MethodDefinition, ServiceDefinition } from '@grpc/grpc-js'
import { fromJSON } from '@grpc/proto-loader'
import type { ServerStreamMethod, StreamMethod, UnaryMethod } from '../wire/network.ts'
import { violationOf } from '../wire/message-rules.ts'
import { RpcError } from '../wire/rpc-error.ts'
import { beginWithDefaults, codecOf, loadContract, type Codec } from './codec.ts'

export const PROTO_FILE = fileURLToPath(new URL('../../proto/stockbazaar.proto', import.meta.url))

export const SERVICE_NAMES = ['Catalog', 'Order'] as const

const contract = loadContract(PROTO_FILE)

/** The contract in the form that grpc-js takes. */
export const definitions = fromJSON(contract.toJSON())

/** Name and codec of a message. */
interface MessageForm extends Codec {
  readonly name: string
}

/** The messages of each method. */
const forms = new Map<string, { readonly request: MessageForm; readonly response: MessageForm }>()

beginWithDefaults(contract)
for (const name of SERVICE_NAMES) {
  const service = definitions[name] as ServiceDefinition
  for (const { name: method, resolvedRequestType, resolvedResponseType } of contract.lookupService(name).methodsArray) {
    const [request, response] = [resolvedRequestType!, resolvedResponseType!].map((type) => ({ name: type.name, ...codecOf(type) }))
    forms.set(`${name}.${method}`, { request: request!, response: response! })
    Object.assign(service[method]!, {
      requestSerialize: request!.encode,
      requestDeserialize: request!.decode,
      responseSerialize: response!.encode,
      responseDeserialize: response!.decode,
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

/** Returns the forms of a method's messages. */
export function formsOf(method: MethodName): { readonly request: MessageForm; readonly response: MessageForm } {
  const found = forms.get(method)
  if (!found) throw new Error(`the contract has no method ${method}`)
  return found
}

/** Says what is wrong with a request of a method, or with an answer to one; undefined when nothing is. */
export const wrongIn = (method: MethodName, side: 'request' | 'response', message: object): string | undefined =>
  violationOf(formsOf(method)[side].name, message)

/** Returns the error for an answer that breaks its rules. Its code is not INVALID_ARGUMENT, which would blame the caller. */
export function wrongAnswer(address: string, method: MethodName, answer: object): RpcError | undefined {
  const wrong = wrongIn(method, 'response', answer)
  return wrong === undefined ? undefined : new RpcError('INTERNAL', `${address} answered what cannot be: ${wrong}`)
}
