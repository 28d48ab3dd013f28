import { LIMITS } from '../domain/limits.ts'
import type { LeadHello, Refusal } from '../wire/messages.ts'
import { refusal } from '../wire/refusal.ts'
import type { Ledger } from '../storage/ledger.ts'
import type { Membership } from './membership.ts'
import { showsLoss } from './recovery.ts'

/** Judges whether a replica can lead by what it says about its log. */
export class LeaderJudge {
  readonly #ledger: Pick<Ledger, 'head' | 'digestAt'>
  readonly #membership: Pick<Membership, 'startOver'>

  constructor(ledger: Pick<Ledger, 'head' | 'digestAt'>, membership: Pick<Membership, 'startOver'>) {
    this.#ledger = ledger
    this.#membership = membership
  }

  /** Why this replica cannot lead, or undefined. Ends this process when the replica holds entries that the ledger has lost. */
  async judge(hello: LeadHello): Promise<Refusal | undefined> {
    const head = this.#ledger.head()
    const { genesis, length, generation } = head
    const isOfThisCluster = hello.length === 0 || hello.clusterId === genesis.clusterId
    if (showsLoss(hello, head)) {
      const what = `replica ${hello.replicaId} holds ${hello.length} entries up to generation ${hello.sealedGeneration}`
      await this.#membership.startOver(hello, `${what}, the ledger ${length} up to ${generation}`)
      return refusal('the ledger is behind')
    }
    if (!isOfThisCluster) {
      const why = `replica ${hello.replicaId} belongs to cluster ${hello.clusterId}, this catalogue to ${genesis.clusterId}`
      return refusal(why, { differs: true })
    }
    if (length - hello.length > LIMITS.leaderGapMax) {
      const adopt = hello.length === 0 ? { generation, genesis } : null // An empty log may know no history, or one that never began.
      return refusal(`a gap of ${length - hello.length} entries: read it first`, { lacksMuch: true, adopt })
    }
    const digest = await this.#ledger.digestAt(hello.length)
    if (hello.length > 0 && digest !== hello.digest) {
      const why = `the log of replica ${hello.replicaId} differs from the ledger within its first ${hello.length} entries`
      return refusal(why, { differs: true })
    }
    return undefined
  }
}
