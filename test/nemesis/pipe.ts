import type { Socket } from 'node:net'
import type { Weather } from './wires.ts'

/** Bytes that are held back at most. More stay with the sender, as with a full send buffer. */
const HELD_BYTES_MAX = 4_194_304

type Parcel =
  | { readonly kind: 'bytes'; readonly bytes: Buffer; readonly dueMs: number }
  | { readonly kind: 'end' | 'reset'; readonly dueMs: number }

/** One direction of a connection. It hands on all bytes and the end, in order, when the weather allows it. */
export class Pipe {
  readonly #from: Socket
  readonly #to: Socket
  readonly #weather: () => Weather
  readonly #passes: () => boolean
  readonly #parcels: Parcel[] = []
  #heldBytes = 0
  #lastDueMs = 0
  #timer: NodeJS.Timeout | undefined

  /** Bytes that come while `passes` returns false are lost, and neither end is told. */
  constructor(from: Socket, to: Socket, weather: () => Weather, passes: () => boolean) {
    this.#from = from
    this.#to = to
    this.#weather = weather
    this.#passes = passes
    from.on('data', (bytes: Buffer) => this.#take({ kind: 'bytes', bytes, dueMs: this.#due() }))
    from.on('end', () => this.#take({ kind: 'end', dueMs: this.#due() }))
    from.on('error', () => this.#take({ kind: 'reset', dueMs: this.#due() }))
    to.on('drain', () => this.#resumeWhenRoom())
  }

  /** Looks at the weather, which may have changed. */
  look(): void {
    this.#handOn()
  }

  /** Drops the bytes that it holds. */
  drop(): void {
    clearTimeout(this.#timer)
    this.#parcels.length = 0
  }

  #due(): number {
    const { delayMs, jitterMs } = this.#weather()
    this.#lastDueMs = Math.max(this.#lastDueMs, performance.now() + delayMs + Math.random() * jitterMs)
    return this.#lastDueMs
  }

  #take(parcel: Parcel): void {
    if (!this.#passes()) return
    this.#parcels.push(parcel)
    if (parcel.kind === 'bytes') this.#heldBytes += parcel.bytes.length
    this.#handOn()
    if (this.#heldBytes > HELD_BYTES_MAX || this.#to.writableNeedDrain) this.#from.pause()
  }

  #handOn(): void {
    clearTimeout(this.#timer)
    while (!this.#weather().cut) {
      const [parcel] = this.#parcels
      if (!parcel) break
      const earlyMs = parcel.dueMs - performance.now()
      if (earlyMs > 0) {
        this.#timer = setTimeout(() => this.#handOn(), earlyMs)
        return
      }
      this.#parcels.shift()
      this.#deliver(parcel)
    }
    this.#resumeWhenRoom()
  }

  #deliver(parcel: Parcel): void {
    if (parcel.kind === 'bytes') {
      this.#heldBytes -= parcel.bytes.length
      if (this.#to.writable) this.#to.write(parcel.bytes)
    } else if (parcel.kind === 'end') this.#to.end()
    else if (!this.#to.destroyed) this.#to.resetAndDestroy()
  }

  #resumeWhenRoom(): void {
    if (this.#heldBytes <= HELD_BYTES_MAX && !this.#to.writableNeedDrain && this.#from.isPaused()) this.#from.resume()
  }
}
