import type { Clock } from '../runtime/clock.ts'
import type { Logger } from '../runtime/logger.ts'
import type { CatalogueToFrontEnd, FrontEndToCatalogue, SessionHello } from '../wire/messages.ts'
import type { ServedStream, StreamHandlers } from '../wire/network.ts'
import type { KnownReplica } from '../storage/ledger.ts'
import type { Membership } from './membership.ts'
import type { Readiness } from './readiness.ts'
import { SessionStream, type SessionOwner } from './session-stream.ts'
import type { Sessions } from './sessions.ts'
import type { ShownStocks } from './shown-stocks.ts'

/** The parts of the catalogue that front ends use. */
export interface FrontEndsWorld {
  readonly clock: Clock
  readonly log: Logger
  readonly sessions: Sessions
  readonly membership: Membership
  readonly readiness: Readiness
  readonly stocks: ShownStocks
}

/** The connected front ends. They have sessions, name replicas and look stocks up. */
export class FrontEnds implements SessionOwner {
  readonly #world: FrontEndsWorld

  constructor(world: FrontEndsWorld) {
    this.#world = world
  }

  /** A front end has opened its stream. */
  open(stream: ServedStream<CatalogueToFrontEnd>): StreamHandlers<FrontEndToCatalogue> {
    return new SessionStream(this.#world.clock, stream, this).start()
  }

  greeted(stream: SessionStream, hello: SessionHello): void {
    const { sessions, membership, log } = this.#world
    if (!sessions.attach(hello, stream)) {
      log.warn({ frontEnd: hello.address }, 'there are as many front ends as can be: refused')
      return stream.close()
    }
    membership.introduceAll(hello.replicas.map(namedReplica))
  }

  renewed(stream: SessionStream, ask: number): void {
    this.#world.sessions.renew(stream, ask)
  }

  ended(stream: SessionStream): void {
    this.#world.sessions.ended(stream)
  }

  shown(): ShownStocks | undefined {
    return this.#world.readiness.mayShow ? this.#world.stocks : undefined
  }

  gone(stream: SessionStream): void {
    this.#world.sessions.detach(stream)
  }
}

/** "1=host:port", as a front end names a replica. */
function namedReplica(named: string): KnownReplica {
  const [id, address] = named.split('=') as [string, string]
  return { replicaId: Number(id), address }
}
