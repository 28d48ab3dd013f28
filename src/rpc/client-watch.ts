import { subscribe } from 'node:diagnostics_channel'
import type { Http2Session, ServerHttp2Stream } from 'node:http2'
import { afterAwake, systemClock, type Clock } from '../runtime/clock.ts'
import { SERVER_KEEPALIVE_MS, SERVER_KEEPALIVE_TIMEOUT_MS, WINDOW_BYTES } from './channel-options.ts'

const known = new WeakSet<Http2Session>()
let isSubscribed = false

/**
 * Has every connection of this process' gRPC servers widened and watched, from its first call on. grpc-js knows the
 * window as a setting of clients only, judges its clients while this process itself stands still, and does not show its
 * HTTP/2 sessions: Node tells of their streams.
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
 * Asks the client every few seconds whether it is still there, and destroys the session of one that does not answer: a
 * client that vanished without a reset, or whose connection a box on the way has forgotten, would be held for ever.
 * Servers only: a client that asks so often is thrown out by servers of another make.
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
