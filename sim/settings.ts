import { LIMITS } from '../src/domain/limits.ts'
import type { ClusterSettings } from './cluster.ts'
import type { FaultMix } from './fault-mixes.ts'
import type { SimRandom } from './random.ts'

const USUAL_LIMITS = { ...LIMITS }
/** Limits of runs with short messages. In such a run a long text could stop a cluster, as 16 MB could stop a real one. */
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
  /** True when strangers call the services, as other implementations would. */
  readonly strangers: boolean
  /** The part of a client's calls that are orders. */
  readonly ordersShare: number
  /** True when few entries travel in one message. A replica that lacks some hundreds then needs many messages, as in a real system. */
  readonly shortPages: boolean
  /** True when so few orders may wait that the clients can fill every queue. */
  readonly shortQueues: boolean
  /** True when nobody asks for anything any more when the last faults strike. Idle processes have to come right, too. */
  readonly quietEnd: boolean
  /** Now and then nobody asks for anything for some seconds, and faults are fewer then. */
  readonly lulls: boolean
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
    lulls: random.chance(0.3),
  }
}

/** Sets the limits of the services for one run. There is one run at a time. */
export function applyLimits({ shortPages, shortQueues }: RunSettings): void {
  Object.assign(LIMITS, USUAL_LIMITS, shortPages && SHORT_PAGES, shortQueues && SHORT_QUEUES)
}
