import type { OrderRequest } from '../domain/order.ts'
import { afterAwake, untilNextMs, type Clock, type Timer } from '../runtime/clock.ts'
import type { MessageStream } from '../wire/network.ts'
import { Questions } from '../runtime/questions.ts'
import type { Runtime } from '../wire/runtime.ts'
import { SharedAnswer } from '../runtime/shared-answer.ts'
import type { CatalogueToLeader, Decided, LeaderToCatalogue, LeadHello, LeadWelcome, Refusal } from '../wire/messages.ts'

const HELLO_DEADLINE_MS = 2_000
/** One that comes while another one is awaited waits twice as long, and still less than a front end does. */
const CONFIRM_DEADLINE_MS = 800
/** Before a publication is answered every unreachable session may have to lapse. */
const PUBLISH_DEADLINE_MS = 3_000
/** A catalogue whose machine has vanished closes no stream. */
const TRADE_DEADLINE_MS = 3_000
/** A catalogue that has vanished resets nothing. When it is not heard it is asked for something, and later given up. */
const PROBE_MS = 1_000
const PROBE_SILENCE_MS = 2_500

/** The owner of the stream. Each message of the catalogue becomes one of these calls. */
export interface LeadOwner {
  /** Comes once. Until it resolves nothing decided is told. When it rejects, the stream ends. */
  welcomed(stream: LeadStream, welcome: LeadWelcome): Promise<void>
  /** A decided batch or a piece of the gap, in the order of the log. */
  decided(stream: LeadStream, decided: Decided): void
}

/** How a stream ended. */
export interface LeadEnding {
  readonly why: string
  /** The catalogue's refusal of this leader; undefined when the stream ended in another way. */
  readonly refused: Refusal | undefined
}

/** One who waits until everything below a position is published. */
interface Waiter {
  readonly position: number
  readonly resolve: () => void
  readonly reject: (error: Error) => void
  readonly timer: Timer
}

/** The leader's end of one `Catalog.Lead`. When it is over, everything that waits on it is rejected. */
export class LeadStream {
  readonly #runtime: Runtime
  readonly #clock: Clock
  readonly #address: string
  readonly #owner: LeadOwner
  #stream: MessageStream<LeaderToCatalogue> | undefined
  /** In the order in which they asked. */
  #publications: Waiter[] = []
  readonly #confirms: Questions<number>
  /** One confirmation is for all who ask at the same time. */
  readonly #confirmation = new SharedAnswer(() => this.#askToConfirm())
  #helloTimer: Timer | undefined
  /** Runs while a batch is being decided. */
  #tradeTimer: { readonly batch: number; readonly timer: Timer } | undefined
  #probes: Timer | undefined
  /** True when something has arrived since the last look. */
  #isHeard = false
  /** Runs while the answer to a probe is awaited. */
  #silence: Timer | undefined
  #published = 0
  #welcomed: Promise<void> | undefined
  /** Why the stream is over; undefined while it is not. */
  #cause: string | undefined
  readonly #over: Promise<LeadEnding>
  #tellOver: (ending: LeadEnding) => void = () => {}

  /** `address`: "host:port" of the catalogue. */
  constructor(runtime: Runtime, address: string, owner: LeadOwner) {
    this.#runtime = runtime
    this.#clock = runtime.clock
    this.#address = address
    this.#owner = owner
    this.#confirms = new Questions(runtime.clock)
    this.#over = new Promise((resolve) => {
      this.#tellOver = resolve
    })
  }

  /** Connects and says hello. Resolves with the end of the stream, also when it could not be opened. */
  start(hello: LeadHello): Promise<LeadEnding> {
    this.#stream = this.#runtime.network.openStream(this.#address, 'Catalog.Lead', {
      message: (message) => this.#message(message),
      closed: ({ message }) => this.#end(message),
    })
    this.#helloTimer = afterAwake(this.#clock, HELLO_DEADLINE_MS, () => this.fail('the catalogue did not answer'))
    this.#probeLater()
    this.#stream.send({ hello })
    return this.#over
  }

  get isOver(): boolean {
    return this.#cause !== undefined
  }

  /** Has one batch decided; there is one at a time. A batch that comes when the stream is over is lost with it. */
  trade(batch: number, requests: readonly OrderRequest[]): void {
    if (this.#cause !== undefined) return
    this.#stream?.send({ trade: { batch, requests } })
    const timer = afterAwake(this.#clock, TRADE_DEADLINE_MS, () => this.fail('the catalogue did not decide in time'))
    this.#tradeTimer = { batch, timer }
  }

  /** Resolves once everything below `position` is published; at once when it is already. */
  publish(position: number, unreachable: readonly string[]): Promise<void> {
    if (position <= this.#published) return Promise.resolve()
    if (this.#cause !== undefined) return Promise.reject(new Error(this.#cause))
    this.#stream?.send({ publish: { position, unreachable } })
    return new Promise((resolve, reject) => {
      const timer = afterAwake(this.#clock, PUBLISH_DEADLINE_MS, () => this.fail('the catalogue did not publish in time'))
      this.#publications.push({ position, resolve, reject, timer })
    })
  }

  /** The published length as the catalogue has it now; undefined when it does not say so in time. */
  confirm(): Promise<number | undefined> {
    return this.#confirmation.get()
  }

  #askToConfirm(): Promise<number | undefined> {
    if (this.#cause !== undefined) return Promise.resolve(undefined)
    return this.#confirms.ask((confirm) => this.#stream?.send({ confirm: { confirm } }), CONFIRM_DEADLINE_MS)
  }

  close(): void {
    this.#stream?.close()
  }

  /** Ends the stream for this reason. */
  fail(why: string, refused?: Refusal): void {
    this.#end(why, refused)
    this.close()
  }

  #probeLater(): void {
    this.#probes = this.#clock.after(untilNextMs(this.#clock, PROBE_MS), () => {
      this.#probeLater()
      // What has arrived is read before silence is judged.
      this.#clock.nextTurn(() => this.#probe())
    })
  }

  /** Asks the catalogue to publish nothing. It answers when it has published what it was asked to before. */
  #probe(): void {
    const wasHeard = this.#isHeard
    this.#isHeard = false
    if (this.#cause !== undefined || !this.#welcomed || wasHeard || this.#silence) return
    this.#stream?.send({ publish: { position: 0, unreachable: [] } })
    this.#silence = afterAwake(this.#clock, PROBE_SILENCE_MS, () => this.fail('the catalogue is silent'))
  }

  #message(message: CatalogueToLeader): void {
    if (this.#cause !== undefined) return
    this.#isHeard = true
    this.#silence?.cancel()
    this.#silence = undefined
    if (message.welcome) {
      this.#helloTimer?.cancel()
      this.#welcomed = this.#owner.welcomed(this, message.welcome).catch((error: Error) => this.fail(error.message))
    } else if (message.decided) this.#decided(message.decided)
    else if (message.published) this.#publishedUpTo(message.published.position)
    else if (message.confirmed) this.#confirms.answered(message.confirmed.confirm, message.confirmed.published)
    else if (message.refused) this.fail(message.refused.why, message.refused)
  }

  /** The welcome is taken in before the first entries. */
  #decided(decided: Decided): void {
    this.#published = Math.max(this.#published, decided.published)
    if (decided.batch === this.#tradeTimer?.batch) this.#tradeTimer.timer.cancel()
    this.#welcomed?.then(() => this.#owner.decided(this, decided)).catch((error: Error) => this.fail(error.message))
  }

  #publishedUpTo(position: number): void {
    this.#published = Math.max(this.#published, position)
    const isDone = ({ position: waitedFor }: Waiter) => waitedFor <= position
    const done = this.#publications.filter(isDone)
    this.#publications = this.#publications.filter((waiter) => !isDone(waiter))
    for (const { resolve, timer } of done) {
      timer.cancel()
      resolve()
    }
  }

  #end(why: string, refused?: Refusal): void {
    if (this.#cause !== undefined) return
    this.#cause = why
    this.#helloTimer?.cancel()
    this.#tradeTimer?.timer.cancel()
    this.#probes?.cancel()
    this.#silence?.cancel()
    for (const { reject, timer } of this.#publications) {
      timer.cancel()
      reject(new Error(why))
    }
    this.#publications = []
    this.#confirms.giveUp()
    this.#tellOver({ why, refused })
  }
}
