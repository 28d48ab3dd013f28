import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { Http2Session, ServerHttp2Stream } from 'node:http2'
import { LIMITS } from '../domain/limits.ts'
import { systemClock, type Timer } from '../runtime/clock.ts'
import type { Logger } from '../runtime/logger.ts'

const SWEEP_MS = 500
/** A stream whose reader took nothing for so many sweeps in a row is not read. */
const SWEEPS_MAX = 20

interface Watched {
  unsent: number
  /** Sweeps in a row at which its reader had taken nothing. Time in which this process is stopped has no sweeps. */
  stuck: number
}

/**
 * Cuts connections of a gRPC server whose other end does not read the answers that it asked for. A connection is cut when
 * its other end takes nothing for ten seconds. When all unread answers together take too much memory, the connection that
 * has most of them is cut. grpc-js hides its streams, so they are found by what Node reports.
 */
export class UnreadStreams {
  readonly #port: number
  readonly #log: Logger
  readonly #sessions = new Map<Http2Session, Map<ServerHttp2Stream, Watched>>()
  #timer: Timer | undefined

  /** `port` is where the server listens. */
  constructor(port: number, log: Logger) {
    this.#port = port
    this.#log = log
  }

  /** Begins to watch. */
  start(): void {
    subscribe('http2.server.stream.created', this.#created)
    this.#timer = systemClock.every(SWEEP_MS, () => this.#sweep())
  }

  close(): void {
    unsubscribe('http2.server.stream.created', this.#created)
    this.#timer?.cancel()
  }

  readonly #created = (message: unknown): void => {
    const { stream } = message as { readonly stream: ServerHttp2Stream }
    const { session } = stream
    if (!session || session.socket.localPort !== this.#port) return
    const streams = this.#sessions.get(session) ?? this.#watch(session)
    streams.set(stream, { unsent: 0, stuck: 0 })
    stream.once('close', () => streams.delete(stream))
  }

  #watch(session: Http2Session): Map<ServerHttp2Stream, Watched> {
    const streams = new Map<ServerHttp2Stream, Watched>()
    this.#sessions.set(session, streams)
    session.once('close', () => this.#sessions.delete(session))
    return streams
  }

  #sweep(): void {
    let total = 0
    let most: { readonly session: Http2Session; readonly bytes: number } | undefined
    for (const [session, streams] of this.#sessions) {
      let bytes = 0
      let isStuck = false
      for (const [stream, watched] of streams) {
        const unsent = stream.writableLength
        watched.stuck = unsent > 0 && unsent === watched.unsent ? watched.stuck + 1 : 0
        watched.unsent = unsent
        bytes += unsent
        isStuck ||= watched.stuck >= SWEEPS_MAX
      }
      total += bytes
      if (isStuck) this.#cut(session, bytes, 'nothing is taken')
      else if (bytes > (most?.bytes ?? 0)) most = { session, bytes }
    }
    if (most && total > LIMITS.unreadBytesMax) this.#cut(most.session, most.bytes, 'too much is not taken')
  }

  #cut(session: Http2Session, bytes: number, why: string): void {
    this.#log.warn({ peer: session.socket.remotePort, bytes, why }, 'connection cut: its other end does not read')
    session.destroy()
  }
}
