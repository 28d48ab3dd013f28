import {
  Server,
  ServerCredentials,
  type sendUnaryData,
  type ServerUnaryCall,
  type ServerWritableStream,
  type ServiceDefinition,
} from '@grpc/grpc-js'
import { CONTRACT, type ContractCalls } from '../contract/conformance/grpc.ts'

type OrderCall = Extract<keyof ContractCalls, `Order.${string}`>

/** The replica's answer to each call. A call hangs when its answer never resolves. Calls that are left out are unknown. */
export type OrderAnswers = {
  [M in OrderCall]?: (request: ContractCalls[M]['request']) => Promise<ContractCalls[M]['response']> | ContractCalls[M]['response']
} & { 'Order.Synchronize'?: () => readonly object[] }

/** Starts a replica made from nothing but the contract, in this process. The answers may be changed while it runs. */
export async function otherReplica(address: string, answers: OrderAnswers): Promise<AsyncDisposable> {
  const server = new Server()
  const methods = ['Request', 'Lookup', 'Propagate', 'AssignFollowers'] as const
  const unary = methods.map((name) => [
    name,
    async ({ request }: ServerUnaryCall<never, object>, answer: sendUnaryData<object>) => {
      const handler = answers[`Order.${name}`] as ((request: object) => object) | undefined
      if (!handler) return answer({ code: 12, details: 'not known here' })
      await Promise.resolve(handler(request)).then(
        (response) => answer(null, response),
        (error: Error) => answer(error),
      )
    },
  ])
  server.addService(CONTRACT['Order'] as ServiceDefinition, {
    ...Object.fromEntries(unary),
    Synchronize: (stream: ServerWritableStream<object, object>) => {
      for (const order of answers['Order.Synchronize']?.() ?? []) stream.write(order)
      stream.end()
    },
  })
  await new Promise<void>((resolve, reject) => {
    server.bindAsync(address, ServerCredentials.createInsecure(), (error) => (error ? reject(error) : resolve()))
  })
  return { [Symbol.asyncDispose]: async () => server.forceShutdown() }
}
