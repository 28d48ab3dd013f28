import { subscribe } from 'node:diagnostics_channel'
import type { Http2Session, ServerHttp2Stream } from 'node:http2'
import { afterAwake, systemClock, type Clock } from '../runtime/clock.ts'
import { SERVER_KEEPALIVE_MS, SERVER_KEEPALIVE_TIMEOUT_MS, WINDOW_BYTES } from './channel-options.ts'

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
    watch(session, (answered) => session.ping(answered), systemClock)
  })
}

/** A connection to a client. */
interface WatchedConnection {
  readonly destroyed: boolean
  destroy(): unknown
  once(event: 'close', run: () => void): unknown
}

/** Asks the client for an answer. Returns false when it cannot be asked any more. */
type Ping = (answered: (error: Error | null) => void) => boolean

/**
 * Pings the client every few seconds, and destroys the connection when no answer comes. Otherwise a connection would be kept
 * for ever after its client has vanished without a reset, or after a firewall or router has forgotten the connection.
 * Only servers ping: servers of another make end the connection of a client that pings so often.
 */
export function watch(connection: WatchedConnection, ping: Ping, clock: Clock): void {
  let waiting = { cancel() {} }
  const gone = () => void connection.destroy()
  const ask = () => {
    if (connection.destroyed) return
    waiting = afterAwake(clock, SERVER_KEEPALIVE_TIMEOUT_MS, gone)
    if (!ping((error) => (error ? gone() : askLater()))) gone()
  }
  const askLater = () => {
    waiting.cancel()
    waiting = clock.after(SERVER_KEEPALIVE_MS, ask)
  }
  askLater()
  connection.once('close', () => waiting.cancel())
}
