import { decide } from '../src/catalogue/decide.ts'
import { startCatalogue } from '../src/catalogue/service.ts'
import { createFrontEnd, type FrontEnd } from '../src/frontend/front-end.ts'
import { startOrderReplica } from '../src/order/service.ts'
import type { HttpAnswer } from '../src/runtime/network.ts'
import type { Ledger } from '../src/storage/ledger.ts'
import { MemoryLedgerStore, type LedgerSnapshot } from '../src/storage/memory/ledger-store.ts'
import { memoryOrderLog } from '../src/storage/memory/order-log.ts'
import type { OrderLog } from '../src/storage/order-log.ts'
import { ledgerStoreOn, orderLogOn, SimDisk, type LedgerWatch } from './disk.ts'
import { SimProcess, type World } from './process.ts'

const CATALOGUE_ADDRESS = 'catalogue:1'
const LEASE_MS = 500

export interface ClusterOptions {
  readonly replicas: number
  readonly frontEnds: number
  readonly cacheStocksMax: number
  /** Called after every write that has become durable. */
  readonly afterWrite: (process: string) => void
}

/** A simulated replica: its process, its disk, and what is durable on it. */
export interface SimReplica {
  readonly id: number
  readonly process: SimProcess
  readonly disk: SimDisk
  log: OrderLog
}

export interface SimFrontEnd {
  readonly process: SimProcess
  /** The core of the current life. */
  core: FrontEnd | undefined
}

/** The real services of one cluster, each in a simulated process. */
export class Cluster {
  readonly catalogue: SimProcess
  readonly catalogueDisk: SimDisk
  readonly store: MemoryLedgerStore
  /** What is durable of the ledger; undefined before the first one and after its disk was lost. */
  ledger: Ledger | undefined
  /** False between a fault that hit the ledger's disk and the moment when the catalogue relies on it again. */
  ledgerTrusted = true
  readonly replicas: readonly SimReplica[]
  /** Replicas that the operator has given up for good. */
  readonly lost = new Set<number>()
  /** A backup of the ledger, if one was taken. */
  backup: LedgerSnapshot
  #diskLost = false
  readonly frontEnds: readonly SimFrontEnd[]

  constructor(world: World, options: ClusterOptions) {
    this.store = new MemoryLedgerStore({ decide })
    const ids = Array.from({ length: options.replicas }, (_, i) => i + 1)

    this.catalogueDisk = new SimDisk(() => options.afterWrite('catalogue'))
    const watch: LedgerWatch = {
      opened: (ledger) => {
        this.ledger = ledger
      },
      trusted: () => {
        this.ledgerTrusted = true
      },
    }
    this.catalogue = new SimProcess(world, 'catalogue', CATALOGUE_ADDRESS, async (runtime, life) => {
      await startCatalogue(runtime, {
        port: 1,
        store: ledgerStoreOn(this.catalogueDisk, this.store, life, watch),
        replicas: ids.map((replicaId) => ({ replicaId, address: `order-${replicaId}:1` })),
        lost: [...this.lost],
        alone: false,
        leaseMs: LEASE_MS,
      })
    })

    this.replicas = ids.map((id): SimReplica => {
      const name = `order-${id}`
      const disk = new SimDisk(() => options.afterWrite(name))
      const replica: SimReplica = {
        id,
        disk,
        log: memoryOrderLog({ diskId: world.random.id(8) }),
        process: new SimProcess(world, name, `${name}:1`, async (runtime, life) => {
          await startOrderReplica(runtime, {
            port: 1,
            replicaId: id,
            log: orderLogOn(disk, replica.log, life),
            catalogueAddress: CATALOGUE_ADDRESS,
            frontEndAddress: `frontend-${(id % options.frontEnds) + 1}:1`,
            caching: true,
            advertisedAddress: `${name}:1`,
          })
        }),
      }
      return replica
    })

    const frontEnd = (i: number): SimFrontEnd => {
      const name = `frontend-${i + 1}`
      const self: SimFrontEnd = {
        core: undefined,
        process: new SimProcess(world, name, `${name}:1`, async (runtime, life) => {
          const core = createFrontEnd(runtime, {
            replicas: ids.map((id) => ({ id, address: `order-${id}:1` })),
            catalogueAddress: CATALOGUE_ADDRESS,
            caching: true,
            cacheStocksMax: options.cacheStocksMax,
          })
          world.network.serveHttp(life, (path) => answerHttp(core, path))
          core.start(`${name}:1`)
          self.core = core
          life.onEnd(() => {
            self.core = undefined
          })
        }),
      }
      return self
    }
    this.frontEnds = Array.from({ length: options.frontEnds }, (_, i) => frontEnd(i))
  }

  /** Every copy of the log is whole and the same. */
  inSync(): boolean {
    if (!this.ledger || !this.ledgerTrusted) return false
    const { length, digest } = this.ledger.head()
    return this.replicas.every(({ log }) => log.head().length === length && (length === 0 || log.head().digest === digest))
  }

  /** Whether one more disk may be lost: the design promises to survive one at a time. Says yes once a rebuilding. */
  mayLoseDisk(): boolean {
    if (this.inSync()) this.#diskLost = false
    if (this.#diskLost) return false
    this.#diskLost = true
    return true
  }

  get processes(): readonly SimProcess[] {
    return [this.catalogue, ...this.replicas.map((r) => r.process), ...this.frontEnds.map((f) => f.process)]
  }
}

/** The two routes that replicas use; fastify itself is not part of the simulation. */
function answerHttp(core: FrontEnd, path: string): HttpAnswer {
  const url = new URL(path, 'http://front-end')
  const headers = { 'bazaar-front-end': core.id }
  if (url.pathname.startsWith('/cache/')) {
    const name = decodeURIComponent(url.pathname.slice('/cache/'.length))
    core.cache.invalidate([name], Number(url.searchParams.get('number')))
    return { status: 200, headers, body: { data: {} } }
  }
  const leader = core.leaderAddress()
  return leader === undefined ? { status: 503, headers, body: {} } : { status: 200, headers, body: { data: { leader } } }
}
