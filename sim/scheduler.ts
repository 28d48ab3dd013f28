interface Event {
  readonly at: number
  /** Events of one moment run in the order in which they were scheduled. */
  readonly sequence: number
  readonly run: () => void
  cancelled: boolean
}

/**
 * Simulated time: a heap of events. One event runs at a time. Before the next one, all reactions to the promises that it
 * settled have run. So a run depends on nothing but the seed.
 */
export class Scheduler {
  #nowMs = 0
  #sequence = 0
  readonly #heap: Event[] = []
  events = 0
  /** Called with an error that an event throws and that its process does not catch. */
  onThrow: (error: unknown) => void = (error) => {
    throw error
  }

  get nowMs(): number {
    return this.#nowMs
  }

  after(delayMs: number, run: () => void): { cancel(): void } {
    const event = { at: this.#nowMs + Math.max(0, delayMs), sequence: ++this.#sequence, run, cancelled: false }
    this.#push(event)
    return {
      cancel: () => {
        event.cancelled = true
      },
    }
  }

  /** Runs events until `done` returns true or the time is over. Resolves with true in the first case. */
  async run(done: () => boolean, untilMs: number): Promise<boolean> {
    await settled()
    while (!done()) {
      const event = this.#pop()
      if (!event || event.at > untilMs) {
        if (event) this.#push(event)
        this.#nowMs = Math.max(this.#nowMs, untilMs)
        return false
      }
      if (event.cancelled) continue
      this.#nowMs = event.at
      this.events += 1
      try {
        event.run()
      } catch (error) {
        this.onThrow(error)
      }
      await settled()
    }
    return true
  }

  #push(event: Event): void {
    const heap = this.#heap
    let i = heap.push(event) - 1
    while (i > 0) {
      const parent = (i - 1) >> 1
      if (!before(event, heap[parent]!)) break
      heap[i] = heap[parent]!
      i = parent
    }
    heap[i] = event
  }

  #pop(): Event | undefined {
    const heap = this.#heap
    const top = heap[0]
    const last = heap.pop()
    if (!top || !last || top === last) return top
    let i = 0
    for (;;) {
      let child = 2 * i + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child += 1
      if (!before(heap[child]!, last)) break
      heap[i] = heap[child]!
      i = child
    }
    heap[i] = last
    return top
  }
}

const before = (a: Event, b: Event): boolean => a.at < b.at || (a.at === b.at && a.sequence < b.sequence)

/**
 * Between two callbacks of one turn of the event loop, all reactions to settled promises run, and the reactions to these.
 * A turn costs a system call, so many callbacks are asked for at once.
 */
const CALLBACKS_PER_TURN = 64
let callbacksLeft = 0
let waiting: (() => void)[] = []

function settled(): Promise<void> {
  if (callbacksLeft === 0) {
    callbacksLeft = CALLBACKS_PER_TURN
    for (let i = 0; i < CALLBACKS_PER_TURN; i += 1) setImmediate(resolveWaiting)
  }
  return new Promise((resolve) => waiting.push(resolve))
}

function resolveWaiting(): void {
  callbacksLeft -= 1
  const due = waiting
  waiting = []
  for (const resolve of due) resolve()
}
