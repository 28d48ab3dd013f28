import type { Entry, OrderRequest } from '../src/domain/order.ts'
import type { Genesis } from '../src/storage/chain.ts'
import {
  StorageFailure,
  type DecidedBatch,
  type KnownReplica,
  type Ledger,
  type LedgerStore,
  type LogPage,
} from '../src/storage/ledger.ts'
import type { OrderLog, OrderLogHead } from '../src/storage/order-log.ts'
import type { Life } from './process.ts'

/** How a disk behaves at the moment. Changed by the nemesis. */
export interface DiskWeather {
  syncMinMs: number
  syncMaxMs: number
  /** Every write fails until this is taken back. */
  failing: boolean
  /** Little room is left, as a process can see before a write fails. */
  full: boolean
}

/**
 * One process's disk. What is written becomes durable a while later, when the sync is done; a crash in between leaves
 * a write whole or not at all, as a transaction does, and nobody can tell beforehand which.
 */
export class SimDisk {
  weather: DiskWeather = { syncMinMs: 0.2, syncMaxMs: 1, failing: false, full: false }
  readonly #afterWrite: () => void

  constructor(afterWrite: () => void) {
    this.#afterWrite = afterWrite
  }

  trouble(): string | undefined {
    return this.weather.full ? 'the simulated disk is full' : undefined
  }

  /** Runs `write`, which changes the durable state, once the sync is done. Never resolves when the life ends before. */
  async write<T>(life: Life, write: () => Promise<T>): Promise<T> {
    const { world } = life.process
    if (!life.alive) return new Promise(() => {})
    if (this.weather.failing) throw new StorageFailure('no space left on the simulated disk')
    const { syncMinMs, syncMaxMs } = this.weather
    let done = false
    return new Promise<T>((resolve, reject) => {
      const finish = () => {
        done = true
        write().then((value) => {
          this.#afterWrite()
          life.enter(() => resolve(value))
        }, reject)
      }
      life.onEnd(() => {
        if (!done && world.random.chance(0.5)) finish()
        done = true
      })
      world.scheduler.after(world.random.between(syncMinMs, syncMaxMs), () => {
        if (done || !life.alive) return
        if (this.weather.failing) {
          done = true
          return reject(new StorageFailure('the simulated sync failed'))
        }
        // A stopped process's write is with the kernel: it ends all the same.
        finish()
      })
    })
  }
}

/** What the checks have to know of the ledger's fate. */
export interface LedgerWatch {
  /** This is the durable ledger from now on. */
  opened(ledger: Ledger): void
  /** The catalogue has satisfied itself that its ledger is whole. */
  trusted(): void
}

/** The place of the ledger, as one life of the catalogue sees it. */
export function ledgerStoreOn(disk: SimDisk, inner: LedgerStore, life: Life, watch: LedgerWatch): LedgerStore {
  const put = (ledger: Ledger): Ledger => {
    watch.opened(ledger)
    return ledgerOn(disk, ledger, life, watch)
  }
  const replace = async (write: () => Promise<Ledger>): Promise<Ledger> => {
    const ledger = await disk.write(life, async () => {
      const written = await write()
      watch.opened(written)
      watch.trusted()
      return written
    })
    return put(ledger)
  }
  return {
    open: async () => {
      const opening = await inner.open()
      return opening.kind === 'ready' ? { kind: 'ready', ledger: put(opening.ledger) } : opening
    },
    create: (genesis) => replace(() => inner.create(genesis)),
    // The pages come over the network, so the file is written as they come; what counts is when it replaces the old one.
    rebuild: async (genesis, generation, pages) => {
      const read: LogPage[] = []
      for await (const page of pages) read.push(page)
      return replace(() => inner.rebuild(genesis, generation, inOrder(read)))
    },
  }
}

async function* inOrder<T>(items: readonly T[]): AsyncIterable<T> {
  yield* items
}

/** A ledger whose durable state is `inner`, as one life of the catalogue sees it. */
function ledgerOn(disk: SimDisk, inner: Ledger, life: Life, watch: LedgerWatch): Ledger {
  let noted = 0
  const noteWith = <T>(write: () => Promise<T>) => () => {
    inner.notePublished(noted)
    return write()
  }
  return {
    head: () => inner.head(),
    decide: (requests: readonly OrderRequest[], timeMs: number): Promise<DecidedBatch> => {
      watch.trusted()
      return disk.write(life, noteWith(() => inner.decide(requests, timeMs)))
    },
    stocks: () => inner.stocks(),
    entries: (from, limit) => inner.entries(from, limit),
    digestAt: (length) => inner.digestAt(length),
    notePublished: (position) => {
      noted = Math.max(noted, position)
    },
    flushPublished: () => disk.write(life, noteWith(async () => undefined)),
    raiseGeneration: (floor) => disk.write(life, () => inner.raiseGeneration(floor)),
    knownReplicas: () => inner.knownReplicas(),
    rememberReplica: (replica: KnownReplica) => disk.write(life, () => inner.rememberReplica(replica)),
    pruneRejections: async () => 0,
    trouble: () => disk.trouble(),
    close: async () => {},
  }
}

/** An order log whose durable state is `inner`, as one life of a replica sees it. */
export function orderLogOn(disk: SimDisk, inner: OrderLog, life: Life): OrderLog {
  return {
    head: () => inner.head(),
    append: (entries: readonly Entry[], digest: string): Promise<OrderLogHead> =>
      disk.write(life, () => inner.append(entries, digest)),
    entry: (number) => inner.entry(number),
    entries: (from, limit) => inner.entries(from, limit),
    digestAt: (length) => inner.digestAt(length),
    seal: (generation: number, genesis: Genesis) => disk.write(life, () => inner.seal(generation, genesis)),
    cut: (length) => disk.write(life, () => inner.cut(length)),
    trouble: () => disk.trouble(),
    close: async () => {},
  }
}
