import type { Socket } from 'node:net'
import type { Weather } from './wires.ts'

/** Bytes held back beyond this stay with the sender, as a full send buffer would have it. */
const HELD_BYTES_MAX = 4_194_304

type Parcel =
  | { readonly kind: 'bytes'; readonly bytes: Buffer; readonly dueMs: number }
  | { readonly kind: 'end' | 'reset'; readonly dueMs: number }

/** One direction of a connection: hands on in order what comes, when the weather lets it, the end included. */
export class Pipe {
  readonly #from: Socket
  readonly #to: Socket
  readonly #weather: () => Weather
  readonly #passes: () => boolean
  readonly #parcels: Parcel[] = []
  #heldBytes = 0
  #lastDueMs = 0
  #timer: NodeJS.Timeout | undefined

  /** What comes while `passes` says no is lost, and neither end is told. */
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

  /** The weather may have changed. */
  look(): void {
    this.#handOn()
  }

  /** Forgets what it holds. */
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
