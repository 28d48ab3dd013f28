import { refusal } from '../wire/refusal.ts'
import type { DecidedBatch } from '../storage/ledger.ts'
import type { Delivery } from './delivery.ts'
import type { LeadStream } from './lead-stream.ts'
import type { Publishing } from './publishing.ts'

/** The delivery to one leader, and the publishing for it. */
export interface AttachedLeader {
  readonly delivery: Delivery
  readonly publishing: Publishing
}

/**
 * The leaders that were welcomed. There may be more than one for a while: replicas and front ends settle who leads, and
 * until then each leader gets all decided entries.
 */
export class Leaders {
  /** The leaders in the order in which they came. Nothing depends on the order. */
  readonly #attached = new Map<LeadStream, AttachedLeader>()

  /** True while nobody leads. */
  get isEmpty(): boolean {
    return this.#attached.size === 0
  }

  attach(stream: LeadStream, leader: AttachedLeader): void {
    this.#attached.set(stream, leader)
  }

  detach(stream: LeadStream): void {
    this.#attached.delete(stream)
  }

  /** The leader of that stream, or undefined when the stream is over. */
  of(stream: LeadStream): AttachedLeader | undefined {
    return this.#attached.get(stream)
  }

  /** Delivers a decided group to all leaders except these callers, which get it together with their outcomes. */
  carry(group: DecidedBatch, callers: ReadonlySet<object | undefined>): void {
    for (const [stream, { delivery }] of this.#attached) if (!callers.has(stream)) delivery.carry(group)
  }

  /** Ends all streams: the catalogue cannot decide for a while. */
  end(why: string): void {
    for (const stream of this.#attached.keys()) stream.refuse(refusal(why))
  }
}
