import { LIMITS } from '../domain/limits.ts'
import { sleep, type Clock } from '../runtime/clock.ts'
import type { LiveSession, SessionHello } from '../wire/messages.ts'
import type { Grant } from './session-stream.ts'

/** How long a lease lives. A trade waits once for so long for a front end that has vanished, and so does a catalogue at its start. */
export const LEASE_MS = 500
/** How long a front end that a leader could not reach gets no new session. */
const REFUSAL_MS = 1_000
const END_POLL_MS = 5

/** The way to a front end. */
interface FrontEndLine {
  /** The front end's id, once it has said who it is. */
  readonly frontEndId: string | undefined
  grant(grant: Grant): void
  /** Tells it that its session has to end. */
  end(): void
}

interface Session {
  readonly frontEndId: string
  readonly address: string
  readonly caching: boolean
  readonly stream: FrontEndLine
  connected: boolean
  number: number
  /** Monotonic clock. A session is live until then, whatever happens to its stream. */
  expiresAt: number
  refusedUntil: number
}

/**
 * The front ends that may serve cached stocks. A session is a lease. It lives until its time is over, or until the front end
 * says that it has dropped its cache. Nothing else ends it, since a front end that cannot be reached may still serve.
 *
 * S1. A trade is published only after every live session has dropped the stock or has lapsed.
 */
export class Sessions {
  readonly #clock: Clock
  readonly #leaseMs: number
  readonly #clusterId: string
  readonly #sessions = new Map<string, Session>()
  #lastNumber = 0

  constructor(clock: Clock, leaseMs: number, clusterId: string) {
    this.#clock = clock
    this.#leaseMs = leaseMs
    this.#clusterId = clusterId
  }

  /** A front end has connected, perhaps again. Returns whether there was room for it. */
  attach(hello: SessionHello, stream: FrontEndLine): boolean {
    const { frontEndId, address, caching } = hello
    const { number, expiresAt, refusedUntil } = this.#sessions.get(frontEndId) ?? { number: 0, expiresAt: -1, refusedUntil: -1 }
    this.#forgetLapsed()
    if (!this.#sessions.has(frontEndId) && this.#sessions.size >= LIMITS.frontEndsMax) return false
    this.#sessions.set(frontEndId, { frontEndId, address, caching, stream, connected: true, number, expiresAt, refusedUntil })
    return true
  }

  /** Its stream is closed. The lease goes on. */
  detach(stream: FrontEndLine): void {
    const session = this.#of(stream)
    if (session) session.connected = false
  }

  /** Grants or prolongs the lease; none when a leader has just failed to reach this front end. */
  renew(stream: FrontEndLine, ask: number): void {
    const session = this.#of(stream)
    const now = this.#clock.monotonicMs()
    if (!session) return
    if (!session.caching || now < session.refusedUntil) {
      return stream.grant({ ask, clusterId: this.#clusterId, lease: undefined })
    }
    if (session.expiresAt <= now) session.number = ++this.#lastNumber
    session.expiresAt = now + this.#leaseMs
    stream.grant({ ask, clusterId: this.#clusterId, lease: { session: session.number, leaseMs: this.#leaseMs } })
  }

  /** The front end has dropped its cache, and its session ends. */
  ended(stream: FrontEndLine): void {
    const session = this.#of(stream)
    if (session) session.expiresAt = -1
  }

  live(): LiveSession[] {
    const now = this.#clock.monotonicMs()
    return [...this.#sessions.values()]
      .filter((session) => session.expiresAt > now)
      .map(({ frontEndId, address }) => ({ frontEndId, address }))
  }

  /** S1: resolves when none of these front ends has a live session; they get no new one for a while. */
  async refuse(frontEndIds: readonly string[]): Promise<void> {
    const refusedUntil = this.#clock.monotonicMs() + REFUSAL_MS
    const sessions = frontEndIds.flatMap((id) => this.#sessions.get(id) ?? [])
    for (const session of sessions) session.refusedUntil = refusedUntil
    await Promise.all(sessions.map((session) => this.#end(session)))
  }

  /** S1: resolves when nobody has a live session; for trades that no leader pushes. */
  async endAll(): Promise<void> {
    await Promise.all([...this.#sessions.values()].map((session) => this.#end(session)))
  }

  async #end(session: Session): Promise<void> {
    if (session.expiresAt <= this.#clock.monotonicMs()) return
    const { number } = session
    // Renewals may still arrive although nothing gets through to the front end.
    session.refusedUntil = Math.max(session.refusedUntil, session.expiresAt)
    session.stream.end()
    while (session.number === number && session.expiresAt > this.#clock.monotonicMs()) await sleep(this.#clock, END_POLL_MS)
  }

  /** The session that lives by this stream; undefined when its front end has opened another one since. */
  #of(stream: FrontEndLine): Session | undefined {
    const session = stream.frontEndId === undefined ? undefined : this.#sessions.get(stream.frontEndId)
    return session?.stream === stream ? session : undefined
  }

  #forgetLapsed(): void {
    const now = this.#clock.monotonicMs()
    for (const [id, session] of this.#sessions) {
      if (!session.connected && session.expiresAt < now) this.#sessions.delete(id)
    }
  }
}
