import { subscribe } from 'node:diagnostics_channel'
import { readFileSync } from 'node:fs'
import { LIMITS } from '../domain/limits.ts'
import type { Clock, Timer } from './clock.ts'
import type { Logger } from './logger.ts'

const SWEEP_MS = 500
/** A connection that is silent for so many sweeps does not wait for an answer, since every request is answered sooner. */
const SILENT_SWEEPS = 12
/** Silent connections are looked for when this part of all connections is in use. */
const TIGHT_PART = 0.75

/** The part of a socket that is used here. */
export interface IncomingConnection {
  readonly bytesRead: number
  destroy(): unknown
  once(event: 'close', run: () => void): unknown
}

interface Silence {
  bytesRead: number
  /** Sweeps in a row at which nothing had arrived. Time in which this process is stopped has no sweeps. */
  sweeps: number
}

/**
 * Limits the connections of others, so that descriptors remain for the process's own connections and files. When there is no
 * room for a new connection, the one that has been silent for longest is closed, if its silence is longer than any request
 * takes. Otherwise the new connection is closed.
 */
export class ConnectionRoom {
  readonly #clock: Clock
  readonly #connectionsMax: number
  readonly #silences = new Map<IncomingConnection, Silence>()
  #timer: Timer | undefined

  constructor(clock: Clock, connectionsMax: number) {
    this.#clock = clock
    this.#connectionsMax = connectionsMax
  }

  get size(): number {
    return this.#silences.size
  }

  /** Takes an accepted connection. Returns false when there is no room: the connection is then closed. */
  add(connection: IncomingConnection): boolean {
    if (this.size >= this.#connectionsMax && !this.#makeRoom()) {
      connection.destroy()
      return false
    }
    this.#silences.set(connection, { bytesRead: 0, sweeps: 0 })
    connection.once('close', () => this.#remove(connection))
    if (this.#isTight) this.#timer ??= this.#clock.every(SWEEP_MS, () => this.#sweep())
    return true
  }

  get #isTight(): boolean {
    return this.size >= this.#connectionsMax * TIGHT_PART
  }

  #remove(connection: IncomingConnection): void {
    this.#silences.delete(connection)
    if (this.#isTight) return
    this.#timer?.cancel()
    this.#timer = undefined
  }

  #makeRoom(): boolean {
    const [connection, silence] = [...this.#silences].reduce((one, other) => (other[1].sweeps > one[1].sweeps ? other : one))
    if (silence.sweeps < SILENT_SWEEPS) return false
    this.#remove(connection)
    connection.destroy()
    return true
  }

  #sweep(): void {
    for (const [{ bytesRead }, silence] of this.#silences) {
      silence.sweeps = bytesRead === silence.bytesRead ? silence.sweeps + 1 : 0
      silence.bytesRead = bytesRead
    }
  }
}

/** Returns how many files and connections this process may have open, or undefined where the system does not tell. */
export function descriptorsMax(): number | undefined {
  try {
    const [, most] = /^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? []
    return most === undefined ? undefined : Number(most)
  } catch {
    return undefined
  }
}

/** Returns how many connections a process with so many descriptors accepts. The rest is for its own connections and files. */
export function connectionsMaxOf(descriptors: number | undefined): number {
  if (descriptors === undefined) return LIMITS.connectionsMax
  const rest = Math.max(LIMITS.connectionsMin, descriptors - LIMITS.ownDescriptors)
  return Math.min(LIMITS.connectionsMax, rest)
}

/** Limits the connections that others may open to this process, and logs the limit. */
export function keepDescriptorsBack(clock: Clock, log: Logger): void {
  const descriptors = descriptorsMax()
  const connectionsMax = connectionsMaxOf(descriptors)
  const room = new ConnectionRoom(clock, connectionsMax)
  log.info({ ...(descriptors !== undefined && { descriptors }), connectionsMax }, 'connections of others that there is room for')
  subscribe('net.server.socket', (accepted) => room.add((accepted as { readonly socket: IncomingConnection }).socket))
}
