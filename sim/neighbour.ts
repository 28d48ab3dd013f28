import { startCatalogue } from '../src/catalogue/service.ts'
import { fingerprintOf } from '../src/wire/order-requests.ts'
import { createFrontEnd, type FrontEnd } from '../src/frontend/front-end.ts'
import { startOrderReplica } from '../src/replica/service.ts'
import type { Ledger } from '../src/storage/ledger.ts'
import { MemoryLedgerStore } from '../src/storage/memory/ledger-store.ts'
import { memoryOrderLog, type MemoryOrderLog } from '../src/storage/memory/order-log.ts'
import { GOOD_DISK, ledgerStoreOn, orderLogOn, SimDisk } from './disk.ts'
import { SimProcess } from './process.ts'
import type { World } from './world.ts'

const CATALOGUE_ADDRESS = 'neighbour-catalogue:1'
const FRONT_END_ADDRESS = 'neighbour-frontend:1'
const THINK_MAX_MS = 80
const NAME = 'tesla'
const SHARES = 1

/** The place where another system moves in. */
export interface Vacancy {
  /** The address that a replica of ours had, and its id there. */
  readonly address: string
  readonly replicaId: number
  /** True when the other system's operator names the replica to its catalogue. */
  readonly named: boolean
}

/**
 * Another system with one replica, at an address that was ours. Its processes are the real services, and its client trades
 * all the time. Neither system may take anything of the other one for its own.
 */
export class Neighbour {
  readonly #world: World
  readonly #violated: (what: string) => void
  readonly #vacancy: Vacancy
  readonly #processes: readonly SimProcess[]
  readonly #log: MemoryOrderLog
  readonly #store = new MemoryLedgerStore()
  #ledger: Ledger | undefined
  #core: FrontEnd | undefined
  #orders = 0
  #answeredAt = 0
  #stopped = false

  constructor(world: World, vacancy: Vacancy, violated: (what: string) => void) {
    this.#world = world
    this.#vacancy = vacancy
    this.#violated = violated
    this.#log = memoryOrderLog({ diskId: 'neighbour' })
    this.#processes = [this.#newCatalogue(), this.#newReplica(), this.#newFrontEnd()]
    for (const process of this.#processes) world.scheduler.after(world.random.next() * 300, () => process.start())
    this.#trade()
  }

  /** The processes of this system. They may be killed like ours. */
  get processes(): readonly SimProcess[] {
    return this.#processes
  }

  /** The cluster that its ledger belongs to, as long as it is open. */
  get clusterId(): string | undefined {
    return this.#ledger?.head().genesis.clusterId
  }

  stop(): void {
    this.#stopped = true
  }

  /** Says why this is no system of its own that trades. Resolves with undefined when it is one. */
  async unsettled(sinceMs: number): Promise<string | undefined> {
    if (!this.#ledger) return 'the neighbour has no ledger'
    const { genesis, length, digest } = this.#ledger.head()
    const copy = this.#log.head()
    if (length === 0 || this.#answeredAt < sinceMs) return 'the neighbour does not trade'
    if (copy.digest !== digest) return `the neighbour's copy holds ${copy.length} of ${length} orders`
    return copy.genesis?.clusterId === genesis.clusterId ? undefined : 'the neighbour’s copy belongs to another cluster'
  }

  #newCatalogue(): SimProcess {
    const { replicaId, address, named } = this.#vacancy
    const disk = this.#disk()
    return new SimProcess(this.#world, 'neighbour-catalogue', CATALOGUE_ADDRESS, async (runtime, life) => {
      await startCatalogue(runtime, {
        port: 1,
        store: ledgerStoreOn(disk, this.#store, life, { opened: (ledger) => (this.#ledger = ledger), trusted: () => {} }),
        replicas: named ? [{ replicaId, address }] : [],
        lost: [],
        alone: false,
      })
    })
  }

  #newReplica(): SimProcess {
    const { replicaId, address } = this.#vacancy
    const disk = this.#disk()
    return new SimProcess(this.#world, `neighbour-order-${replicaId}`, address, async (runtime, life) => {
      await startOrderReplica(runtime, {
        port: 1,
        replicaId,
        log: orderLogOn(disk, this.#log, life),
        catalogueAddress: CATALOGUE_ADDRESS,
        frontEndAddress: FRONT_END_ADDRESS,
        caching: true,
        advertisedAddress: address,
      })
    })
  }

  #newFrontEnd(): SimProcess {
    const { replicaId, address } = this.#vacancy
    return new SimProcess(this.#world, 'neighbour-frontend', FRONT_END_ADDRESS, async (runtime, life) => {
      const core = createFrontEnd(runtime, {
        replicas: [{ id: replicaId, address }],
        catalogueAddress: CATALOGUE_ADDRESS,
        caching: true,
        cacheStocksMax: 5,
      })
      core.start(FRONT_END_ADDRESS)
      this.#core = core
      life.onEnd(() => {
        this.#core = undefined
      })
    })
  }

  #disk(): SimDisk {
    const disk = new SimDisk(() => this.#checkLogs())
    disk.weather = { ...GOOD_DISK }
    return disk
  }

  /** Checks that the copy of this system is a prefix of its own ledger, and of no other. */
  #checkLogs(): void {
    if (!this.#ledger) return
    const { genesis } = this.#ledger.head()
    const copy = this.#log.head()
    if (copy.length > 0 && copy.genesis?.clusterId !== genesis.clusterId) {
      this.#violated(`1: the neighbour's copy belongs to cluster ${copy.genesis?.clusterId}, its ledger to ${genesis.clusterId}`)
    }
  }

  #trade(): void {
    const { scheduler, random } = this.#world
    scheduler.after(random.next() * THINK_MAX_MS, () => {
      if (this.#stopped) return
      // Not awaited: a front end that dies answers nothing.
      void this.#place()
      this.#trade()
    })
  }

  async #place(): Promise<void> {
    if (!this.#core) return
    this.#orders += 1
    const key = `c:neighbour-${this.#orders}`
    const request = { key, fingerprint: fingerprintOf(NAME, 'sell', SHARES), name: NAME, type: 'sell', quantity: SHARES }
    const placed = await this.#core.orders.place(request)
    if (placed.kind !== 'decided' || placed.outcome.kind !== 'accepted') return
    this.#answeredAt = this.#world.scheduler.nowMs
    const { number } = placed.outcome
    const [entry] = (await this.#ledger?.entries(number, 1)) ?? []
    if (entry && entry.key !== key)
      this.#violated(`8: the neighbour's order ${key} was told the number ${number}, where its ledger has ${entry.key}`)
    if (!entry) this.#violated(`8: the neighbour's order ${key} was told the number ${number}, and is not in its ledger`)
  }
}
