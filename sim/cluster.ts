import { startCatalogue } from '../src/catalogue/service.ts'
import { createFrontEnd, type FrontEnd } from '../src/frontend/front-end.ts'
import { startOrderReplica } from '../src/replica/service.ts'
import type { HttpAnswer, HttpHeaders } from '../src/runtime/http-get.ts'
import { FRONT_END_HEADER, ORDER_NUMBER_HEADER } from '../src/wire/push-headers.ts'
import type { Ledger } from '../src/storage/ledger.ts'
import type { OrderLogHead } from '../src/storage/order-log.ts'
import { MemoryLedgerStore, type LedgerSnapshot } from '../src/storage/memory/ledger-store.ts'
import { memoryOrderLog, type MemoryOrderLog } from '../src/storage/memory/order-log.ts'
import { GOOD_DISK, ledgerStoreOn, orderLogOn, SimDisk, type LedgerWatch } from './disk.ts'
import { SimProcess } from './process.ts'
import { FAIR_WEATHER } from './ways.ts'
import type { World } from './world.ts'

const CATALOGUE_ADDRESS = 'catalogue:1'

/** How a cluster is set up for one run. */
export interface ClusterSettings {
  readonly replicaIds: readonly number[]
  readonly frontEnds: number
  readonly cacheStocksMax: number
  readonly leaseMs: number
  /** The argument CACHE of the front ends. */
  readonly frontEndsCache: boolean
  /** The argument CACHE of the replicas. */
  readonly replicasPush: boolean
  /** True when the catalogue is told of its replicas. Otherwise it has to learn of them. */
  readonly named: boolean
}

/** The events that the cluster tells the checks. */
export interface ClusterWatch {
  /** Called when a write of a process has become durable. */
  afterWrite(process: string): void
  /** Called when a front end has begun a life. */
  frontEndStarted(frontEnd: FrontEnd): void
}

/** How long an answer may be on its way. No client waits longer. */
const ON_ITS_WAY_MAX_MS = 5_500

/** A replica has the log of a copy of this system, which went on apart. Nobody may change that log, nor go on from it. */
export interface PartedCopy {
  readonly replica: SimReplica
  /** Its own log, which the operator puts back. */
  readonly own: MemoryOrderLog
  readonly theirs: OrderLogHead
  /** The ledger was lost as well: none may be recovered as long as there are two histories. */
  readonly isLedgerLost: boolean
}

/** A simulated replica: its process, its disk, and what is durable on it. */
export interface SimReplica {
  readonly id: number
  readonly process: SimProcess
  readonly disk: SimDisk
  log: MemoryOrderLog
}

export interface SimFrontEnd {
  readonly process: SimProcess
  /** The core of the current life. */
  core: FrontEnd | undefined
}

/** The real services of one cluster, each in a simulated process. */
export class Cluster {
  readonly #world: World
  readonly #settings: ClusterSettings
  readonly #watch: ClusterWatch
  readonly catalogue: SimProcess
  readonly catalogueDisk: SimDisk
  readonly store: MemoryLedgerStore
  /** The durable part of the ledger; undefined before the first one and after its disk was lost. */
  ledger: Ledger | undefined
  /** False from a fault of the ledger's disk on, until the catalogue relies on its ledger again. */
  ledgerTrusted = true
  /** When the last fault hit the ledger's disk. Rejections from before may be forgotten, and their orders decided anew. */
  ledgerHurtAt = -Infinity
  readonly replicas: readonly SimReplica[]
  /** Replicas that the operator has given up for good. */
  readonly lost = new Set<number>()
  /** Replicas without which the system was started again. Another system's replica may be at their address. */
  readonly dismissed = new Set<number>()
  /** True when the front ends are still told of these replicas. */
  #namesDismissed = false
  /** Replicas that came back after they were given up, and have not compared their log with the ledger yet. */
  readonly overruled = new Set<number>()
  /** The copy that parted, as long as a replica has its log. */
  parted: PartedCopy | undefined
  /** A backup of the ledger, if one was taken. */
  backup: LedgerSnapshot
  /** The longest log when a backup was put back, and its seal at that time; see `watchesOverBackup`. */
  #watched: { readonly log: MemoryOrderLog; readonly sealedGeneration: number } | undefined
  /** The lengths of logs that were lost with their disk, and when. */
  readonly #emptied: { readonly length: number; readonly atMs: number }[] = []
  #diskLost = false
  #named: boolean
  healed = false
  readonly frontEnds: readonly SimFrontEnd[]

  constructor(world: World, settings: ClusterSettings, watch: ClusterWatch) {
    this.#world = world
    this.#settings = settings
    this.#watch = watch
    this.#named = settings.named
    this.store = new MemoryLedgerStore()
    this.catalogueDisk = new SimDisk(() => watch.afterWrite('catalogue'))
    this.catalogue = this.#newCatalogue()
    this.replicas = settings.replicaIds.map((id) => this.#newReplica(id))
    this.frontEnds = Array.from({ length: settings.frontEnds }, (_, i) => this.#newFrontEnd(i + 1))
  }

  /** Replicas that are there or will come back. */
  get remaining(): readonly SimReplica[] {
    return this.replicas.filter(({ id }) => !this.lost.has(id) && !this.dismissed.has(id))
  }

  /** True when the operator tells the catalogue of its replicas. */
  get named(): boolean {
    return this.#named
  }

  /** Makes the operator do without this replica from now on. `stillNamed`: the front ends are still told of it. */
  dismiss(replica: SimReplica, stillNamed: boolean): void {
    this.dismissed.add(replica.id)
    this.#namesDismissed = stillNamed
    replica.process.retire()
  }

  get disks(): readonly SimDisk[] {
    return [this.catalogueDisk, ...this.replicas.map((replica) => replica.disk)]
  }

  get processes(): readonly SimProcess[] {
    return [this.catalogue, ...this.replicas.map((r) => r.process), ...this.frontEnds.map((f) => f.process)]
  }

  /** Notes that the content of the ledger's disk was lost or changed. */
  ledgerHurt(): void {
    this.ledger = undefined
    this.ledgerTrusted = false
    this.ledgerHurtAt = this.#world.scheduler.nowMs
  }

  /**
   * Puts back an old ledger in the way that docs/operations.md asks for: while all replicas run and can be reached. A catalogue
   * that can reach no replica that holds more cannot know that its ledger is old.
   */
  restoreBackup(backup: LedgerSnapshot): void {
    this.store.restore(backup)
    this.ledgerHurt()
    this.#world.network.weather = { ...FAIR_WEATHER }
    this.#world.network.heal()
    for (const { process, disk } of this.remaining) {
      disk.weather = { ...GOOD_DISK }
      revive(process)
    }
    const [longest] = [...this.remaining].sort((a, b) => b.log.head().length - a.log.head().length)
    this.#watched = longest && { log: longest.log, sealedGeneration: longest.log.head().sealedGeneration }
  }

  /** True after an old ledger was put back, until the catalogue has looked into the longest log. No other fault may strike then. */
  get watchesOverBackup(): boolean {
    const watched = this.#watched
    if (!watched) return false
    if (this.ledgerTrusted || watched.log.head().sealedGeneration > watched.sealedGeneration) this.#watched = undefined
    return this.#watched !== undefined
  }

  /** Says whether every copy of the log is whole and the same. A ledger that was hurt is whole again when it equals all others. */
  inSync(): boolean {
    if (!this.ledger || this.catalogueDisk.flipped) return false
    const { length, digest } = this.ledger.head()
    const same = this.remaining.every(({ log, disk }) => {
      const head = log.head()
      return !disk.flipped && head.length === length && (length === 0 || head.digest === digest)
    })
    if (same && length > 0) this.ledgerTrusted = true
    return same
  }

  /** Says whether one more disk may be lost. The design survives one at a time, so this says yes once for each rebuilding. */
  mayLoseDisk(): boolean {
    if (this.inSync() && this.ledgerTrusted) this.#diskLost = false
    if (this.#diskLost) return false
    this.#diskLost = true
    return true
  }

  #newCatalogue(): SimProcess {
    const watch: LedgerWatch = {
      opened: (ledger) => {
        this.ledger = ledger
      },
      trusted: () => {
        this.ledgerTrusted = true
      },
    }
    const { leaseMs } = this.#settings
    return new SimProcess(this.#world, 'catalogue', CATALOGUE_ADDRESS, async (runtime, life) => {
      if (this.catalogueDisk.flipped) this.#findLedgerDamaged()
      await startCatalogue(runtime, {
        port: 1,
        store: ledgerStoreOn(this.catalogueDisk, this.store, life, watch),
        replicas: this.#named ? this.#idsInUse().map((replicaId) => ({ replicaId, address: addressOf(replicaId) })) : [],
        lost: [...this.lost],
        alone: false,
        leaseMs,
      })
    })
  }

  #newReplica(id: number): SimReplica {
    const name = `order-${id}`
    const disk = new SimDisk(() => this.#watch.afterWrite(name))
    const replica: SimReplica = {
      id,
      disk,
      log: this.#emptyLog(),
      process: new SimProcess(this.#world, name, addressOf(id), async (runtime, life) => {
        if (disk.weather.fault === 'broken') throw new Error('the simulated disk cannot be read')
        if (disk.flipped) this.replaceLog(replica, 'a flipped bit is found')
        await startOrderReplica(runtime, {
          port: 1,
          replicaId: id,
          log: orderLogOn(disk, replica.log, life),
          catalogueAddress: CATALOGUE_ADDRESS,
          frontEndAddress: `frontend-${(id % this.#settings.frontEnds) + 1}:1`,
          caching: this.#settings.replicasPush,
          advertisedAddress: addressOf(id),
        })
      }),
    }
    return replica
  }

  /** Finds the damage as an engine does that checks a file when it opens it. */
  #findLedgerDamaged(): void {
    this.catalogueDisk.flipped = false
    this.store.damage('a flipped bit is found')
    this.ledgerHurt()
  }

  /** Makes the operator name the replicas from the catalogue's next start on. */
  nameReplicas(): void {
    this.#named = true
  }

  /** Lets a replica begin anew, on a new disk. */
  replaceLog(replica: SimReplica, why: string): void {
    this.#world.trace(`${replica.process.name} has an empty log now: ${why}`)
    this.#emptied.push({ length: replica.log.head().length, atMs: this.#world.scheduler.nowMs })
    replica.disk.flipped = false
    replica.log = this.#emptyLog()
  }

  /** Puts the log of a copy that parted in the place of a replica's own. The replica does not run. */
  exchangeLog(replica: SimReplica, log: MemoryOrderLog, isLedgerLost: boolean): void {
    this.#world.trace(`${replica.process.name} has the log of a copy: ${JSON.stringify({ ...log.head(), genesis: undefined })}`)
    this.parted = { replica, own: replica.log, theirs: log.head(), isLedgerLost }
    replica.log = log
    if (!isLedgerLost) return
    this.store.lose()
    this.ledgerHurt()
  }

  /** The operator puts the replica's own file back. */
  putBackLog(): void {
    const { parted } = this
    if (!parted) return
    parted.replica.process.crash('the operator puts its own file back')
    parted.replica.log = parted.own
    this.parted = undefined
  }

  /** Says whether a replica that held this order lost its disk lately. Its answer about the order may still be on its way. */
  lostLately(number: number): boolean {
    return this.#emptied.some(({ length, atMs }) => length > number && this.#world.scheduler.nowMs - atMs <= ON_ITS_WAY_MAX_MS)
  }

  #emptyLog(): MemoryOrderLog {
    return memoryOrderLog({ diskId: this.#world.random.id(8) })
  }

  #newFrontEnd(place: number): SimFrontEnd {
    const name = `frontend-${place}`
    const { replicaIds, frontEndsCache, cacheStocksMax } = this.#settings
    const named = () => (this.#namesDismissed ? replicaIds : this.#idsInUse())
    const self: SimFrontEnd = {
      core: undefined,
      process: new SimProcess(this.#world, name, `${name}:1`, async (runtime, life) => {
        const core = createFrontEnd(runtime, {
          replicas: named().map((id) => ({ id, address: addressOf(id) })),
          catalogueAddress: CATALOGUE_ADDRESS,
          caching: frontEndsCache,
          cacheStocksMax,
        })
        this.#watch.frontEndStarted(core)
        this.#world.network.serveHttp(life, (path, headers) => answerHttp(core, path, headers))
        core.start(`${name}:1`)
        self.core = core
        life.onEnd(() => {
          self.core = undefined
        })
      }),
    }
    return self
  }

  #idsInUse(): readonly number[] {
    return this.#settings.replicaIds.filter((id) => !this.dismissed.has(id))
  }

  /** Takes every fault of disks and processes back. Replicas that were given up for good stay away. */
  heal(): void {
    this.healed = true
    this.putBackLog()
    for (const disk of this.disks) disk.weather = { ...GOOD_DISK }
    for (const { disk, process } of this.replicas) if (disk.flipped) process.crash('its log is verified')
    if (this.catalogueDisk.flipped) this.catalogue.crash('its ledger is verified')
    for (const process of this.processes) revive(process)
  }
}

function revive(process: SimProcess): void {
  process.life?.slowDown(0)
  if (process.life?.paused) process.life.resume()
  process.start()
}

const addressOf = (replicaId: number): string => `order-${replicaId}:1`

/** Answers the two routes that replicas use. fastify itself is not part of the simulation. */
function answerHttp(core: FrontEnd, path: string, asked: HttpHeaders): HttpAnswer {
  const url = new URL(path, 'http://front-end')
  const headers = { [FRONT_END_HEADER]: core.id }
  if (url.pathname.startsWith('/cache/')) {
    const name = decodeURIComponent(url.pathname.slice('/cache/'.length))
    core.cache.invalidate([name], Number(asked[ORDER_NUMBER_HEADER]))
    return { status: 200, headers, body: { data: {} } }
  }
  const leader = core.leaderAddress()
  return leader === undefined ? { status: 503, headers, body: {} } : { status: 200, headers, body: { data: { leader } } }
}
