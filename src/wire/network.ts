import type { ServerStreamMethods, StreamMethods, UnaryMethods } from './methods.ts'
import type { Asker } from '../runtime/gate.ts'
import type { HttpAnswer, HttpHeaders } from '../runtime/http-get.ts'
import type { RpcError } from './rpc-error.ts'

/** One end of a long-lived stream. Messages arrive in order, none twice; after `closed` nothing arrives. */
export interface MessageStream<Sent> {
  /** Queues a message; dropped when the stream is closed. Never blocks. */
  send(message: Sent): void
  /** Closes both directions; this end's `closed` is called too. What was sent just before may be lost. */
  close(): void
}

/** The end of a stream that a server has. */
export interface ServedStream<Sent> extends MessageStream<Sent> {
  /** Resolves once all that was sent is on its way to a reader that takes it, or the stream is closed. */
  drained(): Promise<void>
}

/** The handlers of one end of a stream. */
export interface StreamHandlers<Received> {
  message(message: Received): void
  /** Called once, whoever closed. */
  closed(cause: RpcError): void
}

export type UnaryMethod = keyof UnaryMethods
export type StreamMethod = keyof StreamMethods

/** The single calls that a process serves. */
export type UnaryHandlers = {
  [M in UnaryMethod]?: (request: UnaryMethods[M]['request'], asker: Asker) => Promise<UnaryMethods[M]['response']>
}
export type ServerStreamMethod = keyof ServerStreamMethods
export type ServerStreamHandlers = {
  [M in ServerStreamMethod]?: (
    request: ServerStreamMethods[M]['request'],
    asker: Asker,
  ) => AsyncIterable<ServerStreamMethods[M]['response']>
}
export type StreamHandlersFor = {
  [M in StreamMethod]?: (stream: ServedStream<StreamMethods[M]['response']>) => StreamHandlers<StreamMethods[M]['request']>
}

export interface Services {
  readonly unary: UnaryHandlers
  readonly serverStreams: ServerStreamHandlers
  readonly streams: StreamHandlersFor
}

export interface RpcServer {
  readonly port: number
  /** Stops taking calls, lets running ones end for at most `graceMs`, then closes. */
  close(graceMs: number): Promise<void>
}

/** How processes reach each other. The only way out of a service. Addresses are "host:port". */
export interface Network {
  /** Opens a stream. Failing to connect is told by `closed`. */
  openStream<M extends StreamMethod>(
    address: string,
    method: M,
    handlers: StreamHandlers<StreamMethods[M]['response']>,
  ): MessageStream<StreamMethods[M]['request']>
  /** One call; rejects with an {@link RpcError}. */
  call<M extends UnaryMethod>(
    address: string,
    method: M,
    request: UnaryMethods[M]['request'],
    deadlineMs: number,
  ): Promise<UnaryMethods[M]['response']>
  /** One call that answers with many messages, all of them collected; rejects with an {@link RpcError}. */
  callStreaming<M extends ServerStreamMethod>(
    address: string,
    method: M,
    request: ServerStreamMethods[M]['request'],
    deadlineMs: number,
  ): Promise<readonly ServerStreamMethods[M]['response'][]>
  /** One HTTP GET, with more headers if they are given; rejects with an Error when there is no answer within the deadline. */
  httpGet(address: string, path: string, deadlineMs: number, headers?: HttpHeaders): Promise<HttpAnswer>
  /** Listens. Rejects when the port is held, with words on what to do. */
  serve(port: number, services: Services): Promise<RpcServer>
}
