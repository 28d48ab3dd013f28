import { LIMITS } from '../src/domain/limits.ts'
import type { ClusterSettings } from './cluster.ts'
import type { FaultMix } from './fault-mixes.ts'
import type { SimRandom } from './random.ts'

const USUAL_LIMITS = { ...LIMITS }
/** With messages as short, one text without measure would stop a cluster, as 16 MB stop a real one. */
const SHORT_PAGES = {
  messageBytesMax: 65_536,
  pageBytesMax: 700,
  catchUpBatchMax: 8,
  learnerBatchMax: 4,
  leaderGapMax: 20,
  entriesPieceMax: 2,
  stocksPartMax: 3,
}
const SHORT_QUEUES = {
  frontEndPendingOrdersMax: 3,
  frontEndStandingOrdersMax: 2,
  leaderPendingOrdersMax: 1,
  tradeBatchMax: 1,
  frontEndWaitingQuestionsMax: 2,
}
const LEASES_MS = [100, 200, 350, 500, 500]

/** The settings of one run, besides its faults. */
export interface RunSettings extends ClusterSettings {
  /** Strangers call the services, as other implementations would. */
  readonly strangers: boolean
  /** Of the calls of a client, this part are orders. */
  readonly ordersShare: number
  /** So few entries travel in one message that a replica which lacks some hundreds needs many, as one of a real system would. */
  readonly shortPages: boolean
  /** So few orders may wait that the clients there are can fill every queue. */
  readonly shortQueues: boolean
  /** Nobody asks for anything any more when the last faults strike: who is idle has to come right all the same. */
  readonly quietEnd: boolean
}

export function settingsOf(random: SimRandom, mix: FaultMix): RunSettings {
  const plain = mix.unnoticed === true || mix.keepsLeader === true
  const frontEndsCache = plain || random.chance(0.9)
  return {
    replicaIds: [1, 2, 3],
    frontEnds: 2,
    cacheStocksMax: 5,
    leaseMs: plain ? 500 : random.pick(LEASES_MS),
    frontEndsCache,
    replicasPush: plain || random.chance(frontEndsCache ? 0.95 : 0.3),
    named: random.chance(mix.losesLedger ? 0.5 : 0.7),
    strangers: !plain && random.chance(0.4),
    shortPages: random.chance(0.5),
    shortQueues: !plain && random.chance(0.2),
    quietEnd: random.chance(0.2),
    ordersShare: random.pick([0.4, 0.4, 0.2, 1]),
  }
}

/** Sets the limits of the services as one run wants them: there is one run at a time. */
export function applyLimits({ shortPages, shortQueues }: RunSettings): void {
  Object.assign(LIMITS, USUAL_LIMITS, shortPages && SHORT_PAGES, shortQueues && SHORT_QUEUES)
}
