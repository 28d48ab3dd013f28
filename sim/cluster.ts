import { decide } from '../src/catalogue/decide.ts'
import { startCatalogue } from '../src/catalogue/service.ts'
import { OPENING_CATALOGUE } from '../src/domain/stock.ts'
import { createFrontEnd, type FrontEnd } from '../src/frontend/front-end.ts'
import { startOrderReplica } from '../src/order/service.ts'
import type { HttpAnswer } from '../src/runtime/network.ts'
import type { Ledger } from '../src/storage/ledger.ts'
import { memoryLedger } from '../src/storage/memory/ledger.ts'
import { memoryOrderLog } from '../src/storage/memory/order-log.ts'
import type { OrderLog } from '../src/storage/order-log.ts'
import { ledgerOn, orderLogOn, SimDisk } from './disk.ts'
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
  ledger: Ledger
  readonly replicas: readonly SimReplica[]
  readonly frontEnds: readonly SimFrontEnd[]

  constructor(world: World, options: ClusterOptions) {
    this.ledger = memoryLedger({ decide, genesis: { clusterId: world.random.id(8), stocks: OPENING_CATALOGUE } })
    const ids = Array.from({ length: options.replicas }, (_, i) => i + 1)
    const addresses = ids.map((id) => `order-${id}:1`)

    this.catalogueDisk = new SimDisk(() => options.afterWrite('catalogue'))
    this.catalogue = new SimProcess(world, 'catalogue', CATALOGUE_ADDRESS, async (runtime, life) => {
      const ledger = ledgerOn(this.catalogueDisk, this.ledger, life)
      await startCatalogue(runtime, { port: 1, ledger, replicas: addresses, leaseMs: LEASE_MS })
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
