import type { Logger } from '../runtime/logger.ts'
import type { ServedStream, StreamHandlers } from '../wire/network.ts'
import { RpcError } from '../wire/rpc-error.ts'
import { wrongIn, type MethodName } from './definitions.ts'
import type { StreamRoom } from './stream-room.ts'

const NO_STREAM_ROOM = new RpcError('RESOURCE_EXHAUSTED', 'too many streams are open')

/** A method whose streams a server takes. */
export interface StreamMethodServed {
  readonly method: MethodName
  readonly open: (stream: ServedStream<object>) => StreamHandlers<object>
  /** The limit for all streams of the method. */
  readonly room: StreamRoom
  /** Ends each stream of the server. */
  readonly streams: Set<() => void>
  readonly log: Logger
}

/** The carrier of a stream: a call of gRPC, or a connection with frames. */
export interface Carrier {
  /** The other end, for the log. */
  readonly peer: string
  /** Says whether the other end leaves so much unread that it must have stopped; `unwritten` messages are not on their way. */
  isFull(unwritten: number): boolean
  /** Calls `written` once the message is on its way. */
  send(message: object, written: () => void): void
  /** Ends the stream after what was sent. The other end hears of the error. */
  end(error?: RpcError): void
}

/** The handlers to which the carrier of a stream hands what comes. */
export interface Incoming {
  message(message: object): void
  /** Something came that cannot be: nothing of it reaches the handlers, and the stream ends. */
  refuse(error: RpcError): void
  /** The stream is over, for a reason that the carrier knows. */
  over(cause: string): void
}

/** Begins a stream. Undefined when there is no room for it: the carrier has been told to end. */
export function serveStream({ method, open, room, streams, log }: StreamMethodServed, carrier: Carrier): Incoming | undefined {
  let live = true
  let unwritten = 0
  let waiting: (() => void)[] = []
  const settle = () => {
    for (const resolve of waiting) resolve()
    waiting = []
  }
  const written = () => {
    unwritten -= 1
    if (unwritten === 0) settle()
  }
  const end = (cause: string, error?: RpcError) => {
    if (!live) return
    live = false
    room.left(end)
    settle()
    streams.delete(stop)
    carrier.end(error)
    handlers.closed(new RpcError('UNAVAILABLE', cause))
  }
  const stop = () => end('this process is stopping')
  const refuse = (error: RpcError) => {
    if (!live) return
    log.warn({ method, peer: carrier.peer, wrong: error.message }, 'a message was refused, its stream is ended')
    end(error.message, error)
  }
  if (!room.take(end)) return void carrier.end(NO_STREAM_ROOM)
  streams.add(stop)
  const handlers = open({
    send: (message) => {
      if (!live) return
      unwritten += 1
      carrier.send(message, written)
      if (carrier.isFull(unwritten)) end('the other end does not read')
    },
    close: () => end('closed by this end'),
    drained: () => (live && unwritten > 0 ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve()),
  })
  return {
    message: (message) => {
      if (!live) return
      room.heard(end)
      const wrong = wrongIn(method, 'request', message)
      if (wrong === undefined) handlers.message(message)
      else refuse(new RpcError('INVALID_ARGUMENT', wrong))
    },
    refuse,
    over: end,
  }
}
