import type { Logger } from '../runtime/logger.ts'
import type { PublishRequest } from '../wire/messages.ts'
import { refusal } from '../wire/refusal.ts'
import type { Ledger } from '../storage/ledger.ts'
import type { LeadStream } from './lead-stream.ts'
import type { Publication } from './publication.ts'
import type { Sessions } from './sessions.ts'

/** The log that is published, and the sessions that have to end before. */
export interface PublishingWorld {
  readonly ledger: Ledger
  readonly publication: Publication
  readonly sessions: Sessions
  readonly log: Logger
}

/** Publishes what one leader asks for, as soon as no session that the leader could not reach may show anything older (S1). */
export class Publishing {
  readonly #world: PublishingWorld
  readonly #stream: LeadStream
  readonly #replicaId: number
  #publishing: Promise<void> = Promise.resolve()

  constructor(world: PublishingWorld, stream: LeadStream, replicaId: number) {
    this.#world = world
    this.#stream = stream
    this.#replicaId = replicaId
  }

  /** Publishes requests one after the other. A later one must not overtake an earlier one that waits for sessions to end. */
  publishInTurn(request: PublishRequest): void {
    this.#publishing = this.#publishing.then(() => this.#publish(request))
  }

  /** Ends sessions as S1 requires, then shows everything below the position and tells the leader. */
  async #publish({ position, unreachable }: PublishRequest): Promise<void> {
    const { ledger, sessions, publication, log } = this.#world
    const { length } = ledger.head()
    if (position > length) return this.#stream.refuse(refusal(`position ${position} cannot be published: the ledger has ${length} entries`))
    if (unreachable.length > 0) {
      log.warn({ unreachable, leader: this.#replicaId }, 'waiting for sessions to lapse')
      await sessions.refuse(unreachable)
    }
    publish(this.#world, position)
    this.#stream.published(publication.published)
  }
}

/** Publishes without a leader. As nobody pushes invalidations, every session ends first (S1). */
export async function publishAlone(world: PublishingWorld, position: number): Promise<void> {
  await world.sessions.endAll()
  publish(world, position)
}

function publish({ publication, ledger }: PublishingWorld, position: number): void {
  publication.publish(position)
  ledger.notePublished(publication.published)
}
