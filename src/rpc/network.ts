import { Client, credentials, type ClientDuplexStream, type ClientReadableStream } from '@grpc/grpc-js'
import { systemClock } from '../runtime/clock.ts'
import { httpGet } from '../runtime/http-get.ts'
import type { Logger } from '../runtime/logger.ts'
import {
  RpcError,
  type MessageStream,
  type Network,
  type ServerStreamMethod,
  type StreamHandlers,
  type StreamMethod,
  type UnaryMethod,
} from '../runtime/network.ts'
import { CHANNEL_OPTIONS } from './channel-options.ts'
import { methodDefinition, wrongIn, type MethodName } from './definitions.ts'
import { toRpcError } from './errors.ts'
import { serveGrpc } from './server.ts'

/** Clients for single calls that are kept open; the one used longest ago is closed beyond this. */
const CALL_CLIENTS_MAX = 16

/** The real network: gRPC between processes, HTTP to front ends. `host` is the interface that `serve` listens on. */
export function grpcNetwork(options: { readonly host: string; readonly log: Logger }): Network {
  const callClients = new Map<string, Client>()

  const clientFor = (address: string): Client => {
    const client = callClients.get(address) ?? new Client(address, credentials.createInsecure(), CHANNEL_OPTIONS)
    callClients.delete(address)
    callClients.set(address, client)
    const oldest = callClients.keys().next().value
    if (callClients.size > CALL_CLIENTS_MAX && oldest !== undefined) {
      callClients.get(oldest)?.close()
      callClients.delete(oldest)
    }
    return client
  }
  /** A failed connection waits before it tries again; the next call should not have to wait for that. */
  const forget = (address: string) => {
    callClients.get(address)?.close()
    callClients.delete(address)
  }

  return {
    openStream: <M extends StreamMethod>(address: string, method: M, handlers: StreamHandlers<never>) =>
      openStream(address, method, handlers) as never,
    call: (address, method: UnaryMethod, request, deadlineMs) => {
      const { path, requestSerialize, responseDeserialize } = methodDefinition(method)
      return new Promise((resolve, reject) => {
        clientFor(address).makeUnaryRequest(
          path,
          requestSerialize,
          responseDeserialize,
          request,
          { deadline: systemClock.wallMs() + deadlineMs },
          (error, response) => {
            const failure = error ? toRpcError(error) : wrongAnswer(address, method, response!)
            if (!failure) return resolve(response as never)
            if (failure.code === 'UNAVAILABLE' || failure.code === 'DEADLINE_EXCEEDED') forget(address)
            reject(failure)
          },
        )
      })
    },
    callStreaming: (address, method: ServerStreamMethod, request, deadlineMs) => {
      const { path, requestSerialize, responseDeserialize } = methodDefinition(method)
      const stream: ClientReadableStream<object> = clientFor(address).makeServerStreamRequest(
        path,
        requestSerialize,
        responseDeserialize,
        request,
        { deadline: systemClock.wallMs() + deadlineMs },
      )
      return new Promise((resolve, reject) => {
        const messages: object[] = []
        stream.on('data', (message: object) => {
          const wrong = wrongAnswer(address, method, message)
          if (!wrong) return void messages.push(message)
          stream.cancel()
          reject(wrong)
        })
        stream.on('error', (error) => reject(toRpcError(error)))
        stream.on('end', () => resolve(messages as never))
      })
    },
    httpGet,
    serve: (port, services) => serveGrpc(options.host, port, services, options.log),
  }
}

/** What a server says is checked like what a client says. Who asked it is not to blame: so it is no INVALID_ARGUMENT. */
function wrongAnswer(address: string, method: MethodName, answer: object): RpcError | undefined {
  const wrong = wrongIn(method, 'response', answer)
  return wrong === undefined ? undefined : new RpcError('INTERNAL', `${address} answered what cannot be: ${wrong}`)
}

/** Each stream has a connection of its own: when the peer dies nothing of it lingers in a shared channel. */
function openStream(address: string, method: StreamMethod, handlers: StreamHandlers<never>): MessageStream<object> {
  const { path, requestSerialize, responseDeserialize } = methodDefinition(method)
  const client = new Client(address, credentials.createInsecure(), CHANNEL_OPTIONS)
  const call: ClientDuplexStream<object, object> = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize)
  let live = true
  const end = (cause: RpcError) => {
    if (!live) return
    live = false
    call.cancel()
    client.close()
    handlers.closed(cause)
  }
  call.on('data', (message: object) => {
    if (!live) return
    const wrong = wrongAnswer(address, method, message)
    if (wrong) end(wrong)
    else handlers.message(message as never)
  })
  call.on('error', (error) => end(toRpcError(error)))
  call.on('end', () => end(new RpcError('UNAVAILABLE', `${address} closed the stream`)))
  return {
    send: (message) => {
      if (live) call.write(message)
    },
    close: () => end(new RpcError('UNAVAILABLE', 'closed by this end')),
  }
}
