import type { Entry } from '../src/domain/order.ts'
import type { Genesis } from '../src/storage/chain.ts'
import { StorageFailure, type KnownReplica, type Ledger, type LedgerStore, type LogPage } from '../src/storage/ledger.ts'
import type { OrderLog, OrderLogHead } from '../src/storage/order-log.ts'
import type { Life } from './process.ts'

/** How a disk behaves at the moment. Changed by the nemesis. */
export interface DiskWeather {
  syncMinMs: number
  syncMaxMs: number
  /** Full: what is written fails. Broken: what is read fails, too. */
  fault: 'none' | 'full' | 'broken'
  /** Little room is left, as a process can see before a write fails. */
  low: boolean
}

export const GOOD_DISK: DiskWeather = { syncMinMs: 0.2, syncMaxMs: 1, fault: 'none', low: false }

/** How often a read of a file with a flipped bit meets it. */
const FLIP_MET = 0.02

/** A failure of a simulated disk, and the life whose storage it ends. */
export class SimStorageFailure extends StorageFailure {
  readonly life: Life

  constructor(life: Life, message: string) {
    super(message)
    this.life = life
  }
}

interface Write {
  /** When its sync is done. */
  readonly at: number
  /** Makes it durable. */
  readonly finish: () => void
}

/**
 * One process's disk. What is written becomes durable a while later, when the sync is done, one write after the other.
 * A crash in between leaves a write whole or not at all, as a transaction does, and nobody can tell beforehand which.
 * The first failure of a life is its last: as with a real engine, its storage refuses everything from then on.
 */
export class SimDisk {
  weather: DiskWeather = { ...GOOD_DISK }
  /** A bit has flipped in what is stored: whoever reads it or opens it next finds out. */
  flipped = false
  readonly #afterWrite: () => void
  readonly #failed = new WeakSet<Life>()
  readonly #underWay = new Map<Life, Write[]>()

  constructor(afterWrite: () => void) {
    this.#afterWrite = afterWrite
  }

  /** The trouble that a process sees before it writes. */
  trouble(): string | undefined {
    return this.weather.low ? 'the simulated disk is full' : undefined
  }

  /** The trouble that a process finds when it tries to write. */
  whyNotWritable(): string | undefined {
    return this.weather.fault === 'full' ? 'the simulated disk is full' : this.trouble()
  }

  /** Runs `read` on what is durable. */
  async read<T>(life: Life, read: () => Promise<T>): Promise<T> {
    if (!life.alive) return new Promise(() => {})
    const met = this.flipped && life.process.world.random.chance(FLIP_MET)
    if (met || this.weather.fault === 'broken' || this.#failed.has(life)) throw this.#fail(life, 'a simulated read failed')
    return read()
  }

  /** Runs `write`, which changes the durable state, once the sync is done. Never resolves when the life ends before. */
  async write<T>(life: Life, write: () => Promise<T>): Promise<T> {
    const { scheduler, random } = life.process.world
    if (!life.alive) return new Promise(() => {})
    if (this.weather.fault !== 'none' || this.#failed.has(life)) throw this.#fail(life, 'a simulated write failed')
    const queue = this.#queueOf(life)
    const startsAt = Math.max(scheduler.nowMs, queue.at(-1)?.at ?? 0)
    const at = startsAt + random.between(this.weather.syncMinMs, this.weather.syncMaxMs)
    return new Promise<T>((resolve, reject) => {
      const finish = () => {
        write().then((value) => {
          this.#afterWrite()
          life.enter(() => resolve(value))
        }, reject)
      }
      queue.push({ at, finish })
      scheduler.after(at - scheduler.nowMs, () => {
        // A stopped process's write is with the kernel: it ends all the same.
        if (!life.alive) return
        queue.shift()
        if (this.weather.fault === 'none' && !this.#failed.has(life)) return finish()
        reject(this.#fail(life, 'a simulated sync failed'))
      })
    })
  }

  #fail(life: Life, what: string): SimStorageFailure {
    this.#failed.add(life)
    return new SimStorageFailure(life, what)
  }

  #queueOf(life: Life): Write[] {
    const known = this.#underWay.get(life)
    if (known) return known
    const queue: Write[] = []
    this.#underWay.set(life, queue)
    life.onEnd(() => {
      this.#underWay.delete(life)
      this.#crash(life, queue)
    })
    return queue
  }

  /** Of the writes that are under way the first few are durable; after a failed one nothing is. */
  #crash(life: Life, queue: readonly Write[]): void {
    if (this.weather.fault !== 'none' || this.#failed.has(life)) return
    for (const { finish } of queue) {
      if (!life.process.world.random.chance(0.5)) return
      finish()
    }
  }
}

/** The ledger's fate, as far as the checks have to know it. */
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
      // An empty one is relied on when something is decided on it: the catalogue may still hear of a replica with orders.
      if (written.head().length > 0) watch.trusted()
      return written
    })
    return put(ledger)
  }
  return {
    open: async () => {
      const opening = await disk.read(life, () => inner.open())
      if (opening.kind !== 'ready') return opening
      const [ledger, why] = [put(opening.ledger), disk.whyNotWritable()]
      if (why === undefined) return { kind: 'ready', ledger }
      return { kind: 'read-only', ledger: { ...ledger, trouble: () => disk.whyNotWritable() }, why }
    },
    // The pages come over the network, so the file is written as they come; what counts is when it replaces the old one.
    rebuild: async (origin, pages) => {
      const read: LogPage[] = []
      for await (const page of pages) read.push(page)
      return replace(() => inner.rebuild(origin, inOrder(read)))
    },
  }
}

async function* inOrder<T>(items: readonly T[]): AsyncIterable<T> {
  yield* items
}

/** A ledger whose durable state is `inner`, as one life of the catalogue sees it. */
function ledgerOn(disk: SimDisk, inner: Ledger, life: Life, watch: LedgerWatch): Ledger {
  let noted = 0
  const noteWith =
    <T>(write: () => Promise<T>) =>
    () => {
      inner.notePublished(noted)
      return write()
    }
  return {
    head: () => inner.head(),
    decide: (rule, requests, timeMs, rejectedAtMs) => {
      watch.trusted()
      return disk.write(
        life,
        noteWith(() => inner.decide(rule, requests, timeMs, rejectedAtMs)),
      )
    },
    recorded: (key) => disk.read(life, () => inner.recorded(key)),
    stocks: () => disk.read(life, () => inner.stocks()),
    entries: (from, limit) => disk.read(life, () => inner.entries(from, limit)),
    digestAt: (length) => disk.read(life, () => inner.digestAt(length)),
    notePublished: (position) => {
      noted = Math.max(noted, position)
    },
    flushPublished: () =>
      disk.write(
        life,
        noteWith(async () => undefined),
      ),
    raiseGeneration: (floor) => disk.write(life, () => inner.raiseGeneration(floor)),
    knownReplicas: () => disk.read(life, () => inner.knownReplicas()),
    rememberReplica: (...replicas: readonly KnownReplica[]) => disk.write(life, () => inner.rememberReplica(...replicas)),
    forgetReplica: (...replicas: readonly KnownReplica[]) => disk.write(life, () => inner.forgetReplica(...replicas)),
    newestRejectionMs: () => disk.read(life, () => inner.newestRejectionMs()),
    pruneRejections: (timeMs) => disk.write(life, () => inner.pruneRejections(timeMs)),
    trouble: () => disk.trouble(),
    close: async () => {},
  }
}

/** An order log whose durable state is `inner`, as one life of a replica sees it. */
export function orderLogOn(disk: SimDisk, inner: OrderLog, life: Life): OrderLog {
  return {
    head: () => inner.head(),
    append: (entries: readonly Entry[], digest: string): Promise<OrderLogHead> => disk.write(life, () => inner.append(entries, digest)),
    entry: (number) => disk.read(life, () => inner.entry(number)),
    entries: (from, limit) => disk.read(life, () => inner.entries(from, limit)),
    digestAt: (length) => disk.read(life, () => inner.digestAt(length)),
    seal: (generation: number, genesis: Genesis) => {
      const held = inner.head()
      const changes = generation > held.sealedGeneration || held.genesis?.clusterId !== genesis.clusterId
      return changes ? disk.write(life, () => inner.seal(generation, genesis)) : disk.read(life, async () => held)
    },
    cut: (length) => disk.write(life, () => inner.cut(length)),
    trouble: () => disk.trouble(),
    close: async () => {},
  }
}
