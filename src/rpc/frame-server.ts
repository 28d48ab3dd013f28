import type { Duplex } from 'node:stream'
import { LIMITS } from '../domain/limits.ts'
import { systemClock } from '../runtime/clock.ts'
import { RpcError } from '../wire/rpc-error.ts'
import { watch } from './client-watch.ts'
import { formsOf } from './definitions.ts'
import { FrameStream, OPENED } from './frames.ts'
import { serveStream, type Incoming, type StreamMethodServed } from './served-stream.ts'

/** A peer that leaves so many messages unread has stopped. A busy front end may ask a quarter of that in one moment. */
const UNREAD_MESSAGES_MAX = 16_384
/** More than the name of any method has. No more is held of a connection before it has named its method. */
const METHOD_BYTES_MAX = 64

/** Who has accepted a connection with frames. */
export interface Accepted {
  /** The other end, for the log. */
  readonly peer: string
  /** Called once the other end has said which method the stream is for. */
  named(): void
  /** Called when the other end has left something unread. */
  unread(): void
}

/** A connection that counts what it has read, such as one of TCP or TLS. */
type Connection = Duplex & { readonly bytesRead: number }

/** Serves the stream of a connection that began with `OPENING`. `ahead`: what has been read after that. */
export function serveFrames(
  socket: Connection,
  ahead: Buffer,
  methods: ReadonlyMap<string, StreamMethodServed>,
  { peer, named, unread }: Accepted,
): void {
  let take = (name: Buffer): void => {
    named()
    frames.messageBytesMax = LIMITS.messageBytesMax
    const method = name.toString()
    const served = methods.get(method)
    if (!served) return frames.end(new RpcError('UNIMPLEMENTED', `The server does not implement the method ${method}`))
    const { request, response } = formsOf(served.method)
    const carrier = {
      peer,
      isFull: (unwritten: number) => frames.isFull || unwritten > UNREAD_MESSAGES_MAX,
      send: (message: object, written: () => void) => frames.send(response.frame(message), written),
      end: (error?: RpcError) => frames.end(error),
    }
    incoming = serveStream(served, carrier)
    take = (bytes) => {
      let message: object
      try {
        message = request.decode(bytes)
      } catch (error) {
        return incoming?.refuse(new RpcError('INTERNAL', `bytes that are no message: ${(error as Error).message}`))
      }
      incoming?.message(message)
    }
  }
  let incoming: Incoming | undefined
  const frames = new FrameStream(socket, {
    message: (bytes) => take(bytes),
    broken: (error) => (incoming ? incoming.refuse(error) : frames.end(error)),
    closed: () => incoming?.over('the other end is gone'),
    unread,
  })
  watch(socket, { bytesRead: () => socket.bytesRead, ping: (answered) => frames.ping(answered) }, systemClock)
  frames.messageBytesMax = METHOD_BYTES_MAX
  frames.send(OPENED)
  frames.start(ahead)
}
