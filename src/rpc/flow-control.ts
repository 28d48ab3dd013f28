import { subscribe } from 'node:diagnostics_channel'
import type { ServerHttp2Session, ServerHttp2Stream } from 'node:http2'
import { WINDOW_BYTES } from './channel-options.ts'

const widened = new WeakSet<ServerHttp2Session>()

/**
 * Gives the connections of this process' gRPC servers the window that its clients have. grpc-js knows the setting for
 * clients only, and does not show a server's HTTP/2 sessions: Node tells of their streams.
 */
export function widenServerWindows(): void {
  subscribe('http2.server.stream.created', widen)
}

function widen(created: unknown): void {
  const { session } = (created as { readonly stream: ServerHttp2Stream }).stream
  if (!session || widened.has(session as ServerHttp2Session)) return
  widened.add(session as ServerHttp2Session)
  session.setLocalWindowSize(WINDOW_BYTES)
  session.settings({ initialWindowSize: WINDOW_BYTES })
}
