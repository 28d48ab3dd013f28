import { subscribe } from 'node:diagnostics_channel'
import type { Http2Session, ServerHttp2Stream } from 'node:http2'
import { WINDOW_BYTES } from './channel-options.ts'

const widened = new WeakSet<Http2Session>()
let isSubscribed = false

/**
 * Gives the connections of this process' gRPC servers the window that its clients have. grpc-js knows the setting for
 * clients only, and does not show a server's HTTP/2 sessions: Node tells of their streams.
 */
export function widenServerWindows(): void {
  if (isSubscribed) return
  isSubscribed = true
  subscribe('http2.server.stream.created', (created) => {
    const { session } = (created as { readonly stream: ServerHttp2Stream }).stream
    if (!session || widened.has(session)) return
    widened.add(session)
    session.setLocalWindowSize(WINDOW_BYTES)
    session.settings({ initialWindowSize: WINDOW_BYTES })
  })
}
