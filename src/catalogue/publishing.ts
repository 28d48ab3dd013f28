import type { Logger } from '../runtime/logger.ts'
import type { PublishRequest } from '../wire/messages.ts'
import { refusal } from '../wire/refusal.ts'
import type { Ledger } from '../storage/ledger.ts'
import type { LeadStream } from './lead-stream.ts'
import type { Publication } from './publication.ts'
import type { Sessions } from './sessions.ts'

/** What is published, and whom it must not surprise. */
export interface PublishingWorld {
  readonly ledger: Ledger
  readonly publication: Publication
  readonly sessions: Sessions
  readonly log: Logger
}

/** Makes visible what one leader asks for, as soon as no session that it could not reach may show anything older (S1). */
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

  /** One after the other: a later position must not overtake the sessions that an earlier one waits for. */
  publishInTurn(request: PublishRequest): void {
    this.#publishing = this.#publishing.then(() => this.#publish(request))
  }

  /** S1, then shows everything below the position and says so. */
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

/** S1 without a leader to push: every session ends first. */
export async function publishAlone(world: PublishingWorld, position: number): Promise<void> {
  await world.sessions.endAll()
  publish(world, position)
}

function publish({ publication, ledger }: PublishingWorld, position: number): void {
  publication.publish(position)
  ledger.notePublished(publication.published)
}
