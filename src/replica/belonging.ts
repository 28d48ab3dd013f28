import type { Network } from '../wire/network.ts'
import { RpcError } from '../wire/rpc-error.ts'
import type { Identity } from '../wire/messages.ts'

const IDENTIFY_DEADLINE_MS = 300

/**
 * Whose replica this is. The catalogue, the leader or a front end of another system may call here, since it knows this
 * address from an earlier time. So the replica asks the catalogue that its operator named.
 *
 * R5. A replica belongs to the catalogue that it was started for. No other one seals it or looks into it, and an empty
 *     log adopts no other one's history. Nothing but a generation that this catalogue has come to seals it.
 */
export class Belonging {
  readonly #network: Network
  readonly #catalogueAddress: string
  /** The life of the own catalogue that called last. */
  #knownLife: string | undefined

  constructor(network: Network, catalogueAddress: string) {
    this.#network = network
    this.#catalogueAddress = catalogueAddress
  }

  /** R5 for a call. Rejects with an {@link RpcError} unless the caller is this life of the own catalogue. */
  async requireOwnCatalogue(catalogueId: string): Promise<void> {
    if (catalogueId !== '' && catalogueId === this.#knownLife) return
    const own = await this.#identify()
    if (own.catalogueId !== catalogueId) {
      throw new RpcError(
        'FAILED_PRECONDITION',
        `this replica was started for the catalogue at ${this.#catalogueAddress}, and that is not who calls`,
      )
    }
    this.#knownLife = catalogueId
  }

  /**
   * R5 for a history and a generation of it. Rejects with an {@link RpcError} unless the history is the own catalogue's and
   * the catalogue has come to that generation. A replica that takes in a higher one could follow nobody any more.
   */
  async requireOwnHistory(clusterId: string, generation: number): Promise<void> {
    const own = await this.#identify()
    if (own.clusterId === clusterId && generation > own.generation) {
      throw new RpcError(
        'FAILED_PRECONDITION',
        `generation ${generation} is offered, and the catalogue at ${this.#catalogueAddress} has ${own.generation}`,
      )
    }
    if (own.clusterId === clusterId) return
    const whose = own.clusterId === '' ? 'has not opened its ledger yet' : `belongs to cluster ${own.clusterId}`
    throw new RpcError(
      own.clusterId === '' ? 'UNAVAILABLE' : 'FAILED_PRECONDITION',
      `cluster ${clusterId} is offered, and the catalogue at ${this.#catalogueAddress} ${whose}`,
    )
  }

  async #identify(): Promise<Identity> {
    try {
      return await this.#network.call(this.#catalogueAddress, 'Catalog.Identify', {}, IDENTIFY_DEADLINE_MS)
    } catch (error) {
      const why = `cannot ask the catalogue at ${this.#catalogueAddress} whether this replica is meant: ${(error as Error).message}`
      throw new RpcError('UNAVAILABLE', why)
    }
  }
}
