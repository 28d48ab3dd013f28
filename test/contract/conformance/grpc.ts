import { Client, credentials, status, type ServiceDefinition, type ServiceError } from '@grpc/grpc-js'
import { loadSync } from '@grpc/proto-loader'
import { fileURLToPath } from 'node:url'

interface OrderOnWire {
  readonly orderNum: number
  readonly stockName: string
  readonly tradeType: string
  readonly stockTradeQuantity: number
}
interface TradeOnWire {
  readonly stockName: string
  readonly stockTradeQuantity: number
  readonly tradeType: string
}

/** The contract's calls that have one answer. */
export interface ContractCalls {
  'Catalog.Lookup': { request: { stockName: string }; response: { stockPrice: number; stockQuantity: number } }
  'Catalog.Trade': { request: TradeOnWire; response: { resultTrade: number } }
  'Order.Request': { request: TradeOnWire; response: { transactionNum: number } }
  'Order.Lookup': { request: { orderNum: number }; response: OrderOnWire }
  'Order.Propagate': { request: OrderOnWire; response: { resultPropagate: number } }
  'Order.AssignFollowers': {
    request: { followerOne: string; followerTwo: string }
    response: { resultFollowers: number }
  }
}

export const CONTRACT = loadSync(fileURLToPath(new URL('contract.proto', import.meta.url)), { keepCase: true, defaults: true })
const CALL_DEADLINE_MS = 60_000

/** Makes a call with a gRPC client made from nothing but the contract. Each call has a connection of its own. */
export async function call<M extends keyof ContractCalls>(
  address: string,
  method: M,
  request: ContractCalls[M]['request'],
): Promise<ContractCalls[M]['response']> {
  return callUnary<ContractCalls[M]['response']>(address, definitionOf(CONTRACT, method), request)
}

/** Calls `Order.Synchronize`, and collects all its messages. */
export async function synchronize(address: string, orderNum: number, synchronizedAdd: string): Promise<OrderOnWire[]> {
  const { path, requestSerialize, responseDeserialize } = definitionOf(CONTRACT, 'Order.Synchronize')
  const client = new Client(address, credentials.createInsecure(), { 'grpc.enable_http_proxy': 0 })
  try {
    const received: OrderOnWire[] = []
    const messages = client.makeServerStreamRequest(
      path,
      requestSerialize,
      responseDeserialize,
      { orderNum, synchronizedAdd },
      { deadline: Date.now() + CALL_DEADLINE_MS },
    )
    for await (const message of messages) received.push(message as OrderOnWire)
    return received
  } finally {
    client.close()
  }
}

type Loaded = ReturnType<typeof loadSync>

/** Returns one call's definition, by "package.Service.Method". */
export function definitionOf(loaded: Loaded, method: string) {
  const dot = method.lastIndexOf('.')
  const service = loaded[method.slice(0, dot)] as ServiceDefinition | undefined
  const definition = service?.[method.slice(dot + 1)]
  if (!definition) throw new Error(`no ${method} in the .proto`)
  return definition
}

/** Makes one call that has one answer. Rejects with grpc-js' ServiceError. */
export function callUnary<R>(address: string, definition: ReturnType<typeof definitionOf>, request: object): Promise<R> {
  const { path, requestSerialize, responseDeserialize } = definition
  const client = new Client(address, credentials.createInsecure(), { 'grpc.enable_http_proxy': 0 })
  const answered = new Promise<R>((resolve, reject) => {
    client.makeUnaryRequest(
      path,
      requestSerialize,
      responseDeserialize,
      request,
      { deadline: Date.now() + CALL_DEADLINE_MS },
      (error, response) => (error ? reject(error) : resolve(response as R)),
    )
  })
  return answered.finally(() => client.close())
}

/** Resolves with the name of the status with which a call failed, or with 'OK'. */
export async function statusOf(calling: Promise<unknown>): Promise<string> {
  try {
    await calling
    return 'OK'
  } catch (error) {
    return status[(error as ServiceError).code] ?? String(error)
  }
}
