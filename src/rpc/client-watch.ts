import { subscribe } from 'node:diagnostics_channel'
import type { Http2Session, ServerHttp2Stream } from 'node:http2'
import { afterAwake, systemClock, untilNextMs, type Clock, type Timer } from '../runtime/clock.ts'
import { SERVER_KEEPALIVE_MS, SERVER_KEEPALIVE_TIMEOUT_MS, WINDOW_BYTES } from './channel-options.ts'

/** How often a server looks whether a client has sent anything. A process at rest wakes up as often for its disk. */
const LOOK_MS = 1_000
/** A client is asked after so many looks in a row at which nothing had come: within SERVER_KEEPALIVE_MS. */
const SILENT_LOOKS = SERVER_KEEPALIVE_MS / LOOK_MS - 1

const known = new WeakSet<Http2Session>()
let isSubscribed = false

/**
 * Widens the window of every connection to this process's gRPC servers, and watches the connection, from its first call on.
 * grpc-js lets only clients set the window. Its keepalive gives up on clients even when this process itself was stopped, and
 * could not read their answers. grpc-js hides its HTTP/2 sessions, so they are found by the streams that Node reports.
 */
export function tendServerSessions(): void {
  if (isSubscribed) return
  isSubscribed = true
  subscribe('http2.server.stream.created', (created) => {
    const { session } = (created as { readonly stream: ServerHttp2Stream }).stream
    if (!session || known.has(session)) return
    known.add(session)
    session.setLocalWindowSize(WINDOW_BYTES)
    session.settings({ initialWindowSize: WINDOW_BYTES })
    const { socket } = session
    watch(session, { bytesRead: () => socket.bytesRead, ping: (answered) => session.ping(answered) }, systemClock)
  })
}

/** A connection to a client. */
interface WatchedConnection {
  readonly destroyed: boolean
  destroy(): unknown
  once(event: 'close', run: () => void): unknown
}

/** How the client is heard, and asked. */
interface Client {
  /** All bytes that have come from it. */
  bytesRead(): number
  /** Asks it for an answer. */
  ping(answered: (error?: Error | null) => void): unknown
}

/**
 * Pings a client that has been silent for a few seconds, and destroys the connection when no answer comes. Otherwise a
 * connection would be kept for ever after its client has vanished without a reset, or after a firewall or router has
 * forgotten the connection. Only servers ping: servers of another make end the connection of a client that pings so often.
 */
export function watch(connection: WatchedConnection, client: Client, clock: Clock): void {
  let next: Timer
  let read = 0
  let silentLooks = 0
  const look = () => {
    if (connection.destroyed) return // Its socket may have been taken from it already.
    const readBefore = read
    read = client.bytesRead()
    silentLooks = read === readBefore ? silentLooks + 1 : 0
    if (silentLooks < SILENT_LOOKS) lookLater()
    else ask()
  }
  const lookLater = () => {
    next = clock.after(untilNextMs(clock, LOOK_MS), look)
  }
  const gone = () => void connection.destroy()
  const ask = () => {
    next = afterAwake(clock, SERVER_KEEPALIVE_TIMEOUT_MS, gone)
    client.ping((error) => {
      next.cancel()
      if (error) gone()
      else lookLater()
    })
  }
  lookLater()
  connection.once('close', () => next.cancel())
}
