import type { ServerStreamMethods, StreamMethods, UnaryMethods } from './methods.ts'
import type { Asker } from '../runtime/gate.ts'
import type { HttpAnswer, HttpHeaders } from '../runtime/http-get.ts'
import type { RpcError } from './rpc-error.ts'

/** One end of a long-lived stream. Messages arrive in order, and none twice. Nothing arrives after `closed`. */
export interface MessageStream<Sent> {
  /** Queues a message, or drops it when the stream is closed. Never blocks. */
  send(message: Sent): void
  /** Closes both directions, and calls `closed` of this end. Messages that were sent just before may be lost. */
  close(): void
}

/** A server's end of a stream. */
export interface ServedStream<Sent> extends MessageStream<Sent> {
  /** Resolves once all messages have been passed to the transport, which waits for a slow reader, or the stream is closed. */
  drained(): Promise<void>
}

/** The handlers of one end of a stream. */
export interface StreamHandlers<Received> {
  message(message: Received): void
  /** Called once, whichever end has closed the stream. */
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
  /** Stops taking calls, waits at most `graceMs` for running ones to end, and then closes. */
  close(graceMs: number): Promise<void>
}

/** How processes reach each other. A service has no other way out. Addresses are "host:port". */
export interface Network {
  /** Opens a stream. If it cannot connect, `closed` is called. */
  openStream<M extends StreamMethod>(
    address: string,
    method: M,
    handlers: StreamHandlers<StreamMethods[M]['response']>,
  ): MessageStream<StreamMethods[M]['request']>
  /** Makes one call. Rejects with an {@link RpcError}. */
  call<M extends UnaryMethod>(
    address: string,
    method: M,
    request: UnaryMethods[M]['request'],
    deadlineMs: number,
  ): Promise<UnaryMethods[M]['response']>
  /** Makes one call that is answered with many messages, and collects all of them. Rejects with an {@link RpcError}. */
  callStreaming<M extends ServerStreamMethod>(
    address: string,
    method: M,
    request: ServerStreamMethods[M]['request'],
    deadlineMs: number,
  ): Promise<readonly ServerStreamMethods[M]['response'][]>
  /** Makes one HTTP GET, with the headers if any are given. Rejects with an Error when no answer comes within the deadline. */
  httpGet(address: string, path: string, deadlineMs: number, headers?: HttpHeaders): Promise<HttpAnswer>
  /** Listens. Rejects when another program holds the port. The error says what to do. */
  serve(port: number, services: Services): Promise<RpcServer>
}
