import { refusal } from '../wire/refusal.ts'
import type { DecidedBatch } from '../storage/ledger.ts'
import type { Delivery } from './delivery.ts'
import type { LeadStream } from './lead-stream.ts'
import type { Publishing } from './publishing.ts'

/** What is under way for one leader. */
export interface AttachedLeader {
  readonly delivery: Delivery
  readonly publishing: Publishing
}

/**
 * The leaders that were welcomed. There may be more than one: whoever leads last is settled between the replicas and the
 * front ends, and until then each is carried what was decided.
 */
export class Leaders {
  /** In the order in which they came, which nothing depends on. */
  readonly #attached = new Map<LeadStream, AttachedLeader>()

  /** Whether nobody leads. */
  get isEmpty(): boolean {
    return this.#attached.size === 0
  }

  attach(stream: LeadStream, leader: AttachedLeader): void {
    this.#attached.set(stream, leader)
  }

  detach(stream: LeadStream): void {
    this.#attached.delete(stream)
  }

  /** Undefined once its stream is over. */
  of(stream: LeadStream): AttachedLeader | undefined {
    return this.#attached.get(stream)
  }

  /** Hands a decided group to all but these callers, who get it with their outcomes. */
  carry(group: DecidedBatch, callers: ReadonlySet<object | undefined>): void {
    for (const [stream, { delivery }] of this.#attached) if (!callers.has(stream)) delivery.carry(group)
  }

  /** Ends all streams: the catalogue cannot decide for a while. */
  end(why: string): void {
    for (const stream of this.#attached.keys()) stream.refuse(refusal(why))
  }
}
