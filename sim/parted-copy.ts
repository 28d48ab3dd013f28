import { mayBeGivenUp } from '../src/domain/generation.ts'
import type { Entry } from '../src/domain/order.ts'
import { chainDigest } from '../src/storage/chain.ts'
import { memoryOrderLog, type MemoryOrderLog } from '../src/storage/memory/order-log.ts'
import { entriesBetween } from '../src/storage/pages.ts'
import { ABSENCE_MAX_MS, crashFor, replicaOf, type Stage } from './stage.ts'

const COMMON_LACKS_MAX = 6
const TAIL_MAX = 8
const STARTS_MAX = 3
/** A copy that parted is there for as long as this at least. */
const STAYS_MIN_MS = 800

/**
 * Somebody has copied our system, and the copy has gone on with orders of its own and as many starts of its catalogue as it
 * liked. Now a replica of ours has the copy's file, sometimes after our ledger was lost, until the operator puts the right
 * one back. Neither history may lose anything meanwhile: see `Cluster.parted`.
 */
export function copyThatParted(stage: Stage): string {
  const { world, cluster } = stage
  const { ledger } = cluster
  const isAlone = cluster.parted === undefined && cluster.lost.size === 0 && cluster.overruled.size === 0
  if (!ledger || ledger.head().length < 2 || !isAlone || !cluster.inSync() || !cluster.ledgerTrusted) return 'nothing'
  const replica = replicaOf(stage)
  if (!cluster.remaining.includes(replica) || !cluster.mayLoseDisk()) return 'nothing'
  const isLedgerLost = world.random.chance(0.5)
  const killed = [crashFor(stage, replica.process), ...(isLedgerLost ? [crashFor(stage, cluster.catalogue)] : [])]
  void madeFrom(stage, replica.log).then((log) => {
    if (cluster.healed || log === undefined) return
    cluster.exchangeLog(replica, log, isLedgerLost)
    world.scheduler.after(world.random.between(STAYS_MIN_MS, ABSENCE_MAX_MS), () => cluster.putBackLog())
  })
  const lost = isLedgerLost ? ', and the ledger is lost' : ''
  return `${killed.join(', ')}: ${replica.process.name} gets the file of a copy that has gone on apart${lost}`
}

/**
 * The log of a copy that holds the first orders of this one, and then others. Undefined where it could not be told apart: a
 * recovery that has given something up right there looks the same.
 */
async function madeFrom({ world: { random } }: Stage, own: MemoryOrderLog): Promise<MemoryOrderLog | undefined> {
  const { genesis, length, diskId } = own.head()
  const entries = await entriesBetween(own, 0, length)
  const isNewStart = ({ generation }: Entry, at: number) => at > 0 && generation > (entries[at - 1]?.generation ?? generation)
  const starts = entries.filter(isNewStart).map(({ number }) => number)
  // Where our catalogue was started, since the copy may have had fewer starts until then.
  const common = starts.length > 0 && random.chance(0.7) ? random.pick(starts) : Math.max(1, length - 1 - random.int(COMMON_LACKS_MAX))
  const [last, next] = entries.slice(common - 1)
  if (!genesis || !last || !next || mayBeGivenUp({ common: last.generation, tail: 0, other: next.generation })) return undefined
  const log = memoryOrderLog({ diskId })
  let { generation } = last
  const tail = Array.from({ length: 1 + random.int(TAIL_MAX) }, (_, at): Entry => {
    if (random.chance(0.2)) generation += 1 + random.int(STARTS_MAX)
    return { ...next, number: common + at, generation, key: `c:parted-${common + at}` }
  })
  const all = [...entries.slice(0, common), ...tail]
  await log.seal(generation, genesis)
  await log.append(all, all.reduce(chainDigest, log.head().digest))
  return log
}
