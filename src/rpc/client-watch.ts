import { subscribe } from 'node:diagnostics_channel'
import type { Http2Session, ServerHttp2Stream } from 'node:http2'
import { afterAwake, systemClock, type Clock } from '../runtime/clock.ts'
import { SERVER_KEEPALIVE_MS, SERVER_KEEPALIVE_TIMEOUT_MS, WINDOW_BYTES } from './channel-options.ts'

const known = new WeakSet<Http2Session>()
let isSubscribed = false

/**
 * Widens the window of every connection to this process's gRPC servers, and watches the connection, from its first call on.
 * grpc-js lacks both: it has the window as a setting of clients only, and its keepalive judges clients even while this
 * process itself is stopped. It does not show its HTTP/2 sessions either, so they are found by the streams that Node reports.
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
    watch(session, systemClock)
  })
}

/**
 * Pings the client every few seconds, and destroys the session when it does not answer. Otherwise the connection would be
 * kept for ever when the client vanished without a reset, or when a firewall or router has forgotten it.
 * Used by servers only: servers of another make throw out a client that pings so often.
 */
export function watch(session: Http2Session, clock: Clock): void {
  let waiting = { cancel() {} }
  const gone = () => session.destroy()
  const ask = () => {
    if (session.destroyed) return
    waiting = afterAwake(clock, SERVER_KEEPALIVE_TIMEOUT_MS, gone)
    if (!session.ping((error) => (error ? gone() : askLater()))) gone()
  }
  const askLater = () => {
    waiting.cancel()
    waiting = clock.after(SERVER_KEEPALIVE_MS, ask)
  }
  askLater()
  session.once('close', () => waiting.cancel())
}
