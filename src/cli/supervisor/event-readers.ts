import type { ServerResponse } from 'node:http'
import type { ProcessEventData } from '../../http/control.ts'
import type { Clock, Timer } from '../../runtime/clock.ts'

/** A reader gets a comment so often, so that everything on the way knows the connection to be alive. */
const COMMENT_EVERY_MS = 15_000
/** A reader that leaves so much unread is cut. */
const UNREAD_BYTES_MAX = 65_536
/** How often processes are looked at while somebody reads. */
const WATCH_EVERY_MS = 250
/** How soon a reader that was cut comes back. */
const COME_BACK_MS = 300

/** Those who read the events of processes as they happen (server-sent events). */
export class EventReaders {
  readonly #clock: Clock
  readonly #watch: () => void
  readonly #readers = new Set<ServerResponse>()
  #timers: readonly Timer[] = []

  /** Calls `watch` again and again while there is a reader. */
  constructor(clock: Clock, watch: () => void) {
    this.#clock = clock
    this.#watch = watch
  }

  /** Takes a reader. The head of its answer has been written. */
  add(reader: ServerResponse): void {
    this.#readers.add(reader)
    reader.once('close', () => this.#remove(reader))
    reader.write(`retry: ${COME_BACK_MS}\n\n`)
    if (this.#timers.length > 0) return
    this.#timers = [
      this.#clock.every(COMMENT_EVERY_MS, () => this.#send(': still here\n\n')),
      this.#clock.every(WATCH_EVERY_MS, this.#watch),
    ]
  }

  /** Tells every reader of an event. */
  tell(event: ProcessEventData): void {
    this.#send(`event: process\ndata: ${JSON.stringify(event)}\n\n`)
  }

  /** Ends all readers. */
  close(): void {
    for (const reader of this.#readers) reader.end()
  }

  #send(text: string): void {
    for (const reader of this.#readers) {
      reader.write(text)
      if (reader.writableLength > UNREAD_BYTES_MAX) reader.destroy()
    }
  }

  #remove(reader: ServerResponse): void {
    this.#readers.delete(reader)
    if (this.#readers.size > 0) return
    for (const timer of this.#timers) timer.cancel()
    this.#timers = []
  }
}
