import { Client, credentials, type ClientDuplexStream, type ClientReadableStream } from '@grpc/grpc-js'
import { afterAwake, systemClock } from '../runtime/clock.ts'
import { httpGet } from '../runtime/http-get.ts'
import type { Logger } from '../runtime/logger.ts'
import type { MessageStream, Network, ServerStreamMethod, StreamHandlers, StreamMethod, UnaryMethod } from '../wire/network.ts'
import { RpcError } from '../wire/rpc-error.ts'
import { CallChannels } from './call-channels.ts'
import { CALL_CHANNEL_OPTIONS, CHANNEL_OPTIONS } from './channel-options.ts'
import { methodDefinition, wrongAnswer } from './definitions.ts'
import { toRpcError } from './errors.ts'
import { framesOr } from './frame-client.ts'
import { serve } from './server.ts'

/** The form in which streams are sent: frames, where both ends know them, or always gRPC. */
export type StreamForm = 'frames' | 'grpc'

export interface NetworkOptions {
  /** The interface that `serve` listens on. */
  readonly host: string
  readonly log: Logger
  readonly streams: StreamForm
}

/** Returns the real network: frames and gRPC between processes, HTTP to front ends. */
export function grpcNetwork({ host, log, streams }: NetworkOptions): Network {
  const channels = new CallChannels((address) => new Client(address, credentials.createInsecure(), CALL_CHANNEL_OPTIONS))
  return {
    openStream: (streams === 'frames' ? framesOr(openGrpcStream) : openGrpcStream) as Network['openStream'],
    call: (address, method, request, patienceMs) =>
      channels.over(address, (client) => answered(callOnce(client, address, method, request), address, patienceMs)) as never,
    callStreaming: (address, method, request, patienceMs) =>
      channels.over(address, (client) => answered(collect(client, address, method, request), address, patienceMs)) as never,
    httpGet,
    serve: (port, services) => serve({ host, port, frames: streams === 'frames' }, services, log),
  }
}

interface Running<A> {
  readonly answer: Promise<A>
  cancel(): void
}

/**
 * Waits for the answer, and cancels the call when `patienceMs` pass without a whole one. gRPC's own deadline is not used,
 * since it counts time in which this process stood still: see {@link afterAwake}.
 */
function answered<A>({ answer, cancel }: Running<A>, address: string, patienceMs: number): Promise<A> {
  return new Promise((resolve, reject) => {
    const timer = afterAwake(systemClock, patienceMs, () => {
      reject(new RpcError('DEADLINE_EXCEEDED', `${address} did not answer within ${patienceMs} ms`))
      cancel()
    })
    answer.then(resolve, reject).finally(() => timer.cancel())
  })
}

function callOnce(client: Client, address: string, method: UnaryMethod, request: object): Running<object> {
  const { path, requestSerialize, responseDeserialize } = methodDefinition(method)
  let cancel = () => {}
  const answer = new Promise<object>((resolve, reject) => {
    const call = client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, (error, response) => {
      const failure = error ? toRpcError(error) : wrongAnswer(address, method, response!)
      if (failure) reject(failure)
      else resolve(response!)
    })
    cancel = () => call.cancel()
  })
  return { answer, cancel: () => cancel() }
}

function collect(client: Client, address: string, method: ServerStreamMethod, request: object): Running<readonly object[]> {
  const { path, requestSerialize, responseDeserialize } = methodDefinition(method)
  const stream: ClientReadableStream<object> = client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, request)
  const answer = new Promise<readonly object[]>((resolve, reject) => {
    const messages: object[] = []
    stream.on('data', (message: object) => {
      const wrong = wrongAnswer(address, method, message)
      if (!wrong) return void messages.push(message)
      reject(wrong)
      stream.cancel()
    })
    stream.on('error', (error) => reject(toRpcError(error)))
    stream.on('end', () => resolve(messages))
  })
  return { answer, cancel: () => stream.cancel() }
}

/** Opens a stream over a connection of its own. So nothing of it remains in a shared channel when the peer dies. */
function openGrpcStream(address: string, method: StreamMethod, handlers: StreamHandlers<object>): MessageStream<object> {
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
    else handlers.message(message)
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
