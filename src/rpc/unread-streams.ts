import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { ServerHttp2Stream } from 'node:http2'
import { LIMITS } from '../domain/limits.ts'
import type { Clock, Timer } from '../runtime/clock.ts'
import type { Logger } from '../runtime/logger.ts'

const SWEEP_MS = 500
/** A stream whose reader took nothing for so many sweeps in a row is not read. */
const SWEEPS_MAX = 20

interface Watched {
  unsent: number
  /** Sweeps in a row at which its reader had taken nothing. Time in which this process is stopped has no sweeps. */
  stuck: number
}

interface Closing {
  once(event: 'close', run: () => void): unknown
}

/** A connection of a server. */
export interface ReadConnection extends Closing {
  destroy(): unknown
}

/** The carrier of answers: a stream of HTTP/2, or a connection with frames itself. */
export interface ReadStream extends Closing {
  /** Bytes that its reader has not taken. */
  readonly writableLength: number
}

interface Connection {
  /** The port of the other end. */
  readonly peer: number | undefined
  readonly streams: Map<ReadStream, Watched>
}

/**
 * Cuts connections of a server whose other end does not read the answers that it asked for. A connection is cut when
 * its other end takes nothing for ten seconds. When all unread answers together take too much memory, the connection that
 * has most of them is cut. grpc-js hides its streams, so they are found by what Node reports. It looks now and then, but
 * only while something may be unread: as long as a stream of gRPC is open, or frames are not taken.
 */
export class UnreadStreams {
  readonly #log: Logger
  #port: number | undefined
  readonly #clock: Clock
  readonly #connections = new Map<ReadConnection, Connection>()
  /** Open streams of gRPC. Nobody tells when something of them is unread. */
  #grpcStreams = 0
  #timer: Timer | undefined

  constructor(clock: Clock, log: Logger) {
    this.#log = log
    this.#clock = clock
  }

  /** Watches gRPC's connections to this port of the process. */
  start(port: number): void {
    this.#port = port
    subscribe('http2.server.stream.created', this.#created)
  }

  /**
   * Watches a stream. `peer`: the port of its other end. Whoever sends on the stream calls the result when the other end has
   * left something unread.
   */
  watch(connection: ReadConnection, peer: number | undefined, stream: ReadStream): () => void {
    const { streams } = this.#connections.get(connection) ?? this.#add(connection, peer)
    streams.set(stream, { unsent: 0, stuck: 0 })
    stream.once('close', () => streams.delete(stream))
    return this.#look
  }

  close(): void {
    unsubscribe('http2.server.stream.created', this.#created)
    this.#rest()
  }

  readonly #created = (message: unknown): void => {
    const { stream } = message as { readonly stream: ServerHttp2Stream }
    const { session } = stream
    if (!session || session.socket.localPort !== this.#port) return
    this.watch(session, session.socket.remotePort, stream)
    this.#grpcStreams += 1
    stream.once('close', () => {
      this.#grpcStreams -= 1
    })
    this.#look()
  }

  #add(connection: ReadConnection, peer: number | undefined): Connection {
    const added = { peer, streams: new Map<ReadStream, Watched>() }
    this.#connections.set(connection, added)
    connection.once('close', () => this.#connections.delete(connection))
    return added
  }

  readonly #look = (): void => {
    this.#timer ??= this.#clock.every(SWEEP_MS, () => this.#sweep())
  }

  #rest(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }

  #sweep(): void {
    let total = 0
    let most: { readonly connection: ReadConnection; readonly bytes: number } | undefined
    for (const [connection, { streams }] of this.#connections) {
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
      if (isStuck) this.#cut(connection, bytes, 'nothing is taken')
      else if (bytes > (most?.bytes ?? 0)) most = { connection, bytes }
    }
    if (most && total > LIMITS.unreadBytesMax) this.#cut(most.connection, most.bytes, 'too much is not taken')
    if (total === 0 && this.#grpcStreams === 0) this.#rest()
  }

  #cut(connection: ReadConnection, bytes: number, why: string): void {
    const peer = this.#connections.get(connection)?.peer
    this.#log.warn({ peer, bytes, why }, 'connection cut: its other end does not read')
    connection.destroy()
  }
}
