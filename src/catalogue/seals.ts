import type { RpcError } from '../wire/rpc-error.ts'
import type { Runtime } from '../wire/runtime.ts'
import type { SealResult } from '../wire/messages.ts'
import type { Genesis } from '../storage/chain.ts'
import type { KnownReplica } from '../storage/ledger.ts'

const SEAL_DEADLINE_MS = 500
/** How soon a replica that did not answer is asked again. */
export const SEAL_RETRY_MS = 200

/** The answer of a replica. */
export type Answer =
  | { readonly kind: 'sealed'; readonly replica: KnownReplica; readonly state: SealResult }
  /** It was started for another catalogue (R5): the address belongs to somebody else now. */
  | { readonly kind: 'foreign'; readonly replica: KnownReplica; readonly why: string }
  /** It does not know the call. It is a program of another make, from which no ledger can be recovered. */
  | { readonly kind: 'other-program'; readonly replica: KnownReplica; readonly why: string }
  | { readonly kind: 'unreachable'; readonly replica: KnownReplica; readonly why: string }

export type Sealed = Extract<Answer, { readonly kind: 'sealed' }>

/** The replica in words. */
export const nameOf = ({ replica: { replicaId, address } }: Answer): string => `replica ${replicaId} at ${address}`

export const isSealed = (answer: Answer): answer is Sealed => answer.kind === 'sealed'

/** Seals replicas, and looks into them, for this run of the catalogue. */
export class Seals {
  readonly #runtime: Runtime
  readonly #catalogueId: string

  constructor(runtime: Runtime, catalogueId: string) {
    this.#runtime = runtime
    this.#catalogueId = catalogueId
  }

  /** Seals one replica; an empty one adopts the genesis. */
  async seal(replica: KnownReplica, generation: number, genesis: Genesis | undefined): Promise<Answer> {
    const request = { generation, catalogueId: this.#catalogueId, ...(genesis && { genesis }) }
    try {
      const state = await this.#runtime.network.call(replica.address, 'Order.Seal', request, SEAL_DEADLINE_MS)
      return { kind: 'sealed', replica, state }
    } catch (error) {
      const why = (error as Error).message
      this.#runtime.log.debug({ replica, error: why }, 'replica not sealed')
      const { code } = error as RpcError
      if (code === 'UNIMPLEMENTED') return { kind: 'other-program', replica, why: 'another program answers there' }
      return { kind: code === 'FAILED_PRECONDITION' ? 'foreign' : 'unreachable', replica, why }
    }
  }

  sealAll(replicas: readonly KnownReplica[], generation: number, genesis: Genesis | undefined): Promise<Answer[]> {
    return Promise.all(replicas.map((replica) => this.seal(replica, generation, genesis)))
  }

  /** The state of every replica. It is read by a seal of generation 0, which changes nothing. */
  lookAt(replicas: readonly KnownReplica[]): Promise<Answer[]> {
    return this.sealAll(replicas, 0, undefined)
  }
}
