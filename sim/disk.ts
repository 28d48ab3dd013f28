import type { Entry } from '../src/domain/order.ts'
import type { Genesis } from '../src/storage/chain.ts'
import { StorageFailure, type KnownReplica, type Ledger, type LedgerStore, type LogPage } from '../src/storage/ledger.ts'
import type { OrderLog, OrderLogHead } from '../src/storage/order-log.ts'
import type { Life } from './process.ts'

/** How a disk behaves at the moment. The nemesis changes it. */
export interface DiskWeather {
  syncMinMs: number
  syncMaxMs: number
  /** On a full disk, writes fail. On a broken one, reads fail, too. */
  fault: 'none' | 'full' | 'broken'
  /** True when little room is left. A process can see that before a write fails. */
  low: boolean
}

export const GOOD_DISK: DiskWeather = { syncMinMs: 0.2, syncMaxMs: 1, fault: 'none', low: false }

/** The part of the reads of a file with a flipped bit that meet the bit. */
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
  /** When the sync of the write is done. */
  readonly at: number
  /** Makes the write durable. */
  readonly finish: () => void
}

/**
 * The disk of one process. A write becomes durable a while later, when its sync is done, one write after the other. A crash
 * in between leaves a write whole or not at all, as with a transaction, and nobody can tell beforehand which. After the first
 * failure in a life, the storage refuses everything until that life ends, as a real engine does.
 */
export class SimDisk {
  weather: DiskWeather = { ...GOOD_DISK }
  /** True when a stored bit has flipped. Whoever reads that bit, or opens the file next, finds out. */
  flipped = false
  readonly #afterWrite: () => void
  readonly #failed = new WeakSet<Life>()
  readonly #underWay = new Map<Life, Write[]>()

  constructor(afterWrite: () => void) {
    this.#afterWrite = afterWrite
  }

  /** Returns the trouble that a process sees before it writes. */
  trouble(): string | undefined {
    return this.weather.low ? 'the simulated disk is full' : undefined
  }

  /** Returns the trouble that a process finds when it tries to write. */
  whyNotWritable(): string | undefined {
    return this.weather.fault === 'full' ? 'the simulated disk is full' : this.trouble()
  }

  /** Runs `read` on the durable state. */
  async read<T>(life: Life, read: () => Promise<T>): Promise<T> {
    if (!life.alive) return new Promise(() => {})
    const met = this.flipped && life.process.world.random.chance(FLIP_MET)
    if (met || this.weather.fault === 'broken' || this.#failed.has(life)) throw this.#fail(life, 'a simulated read failed')
    return read()
  }

  /** Runs `write`, which changes the durable state, once the sync is done. Never resolves when the life ends before that. */
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
        // When a process is stopped, the kernel still finishes its write.
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

  /** Makes the first few of the writes that are under way durable. Once one write is lost, all later ones are. */
  #crash(life: Life, queue: readonly Write[]): void {
    if (this.weather.fault !== 'none' || this.#failed.has(life)) return
    for (const { finish } of queue) {
      if (!life.process.world.random.chance(0.5)) return
      finish()
    }
  }
}

/** Tells the checks what becomes of the ledger. */
export interface LedgerWatch {
  /** Called when another ledger is the durable one from now on. */
  opened(ledger: Ledger): void
  /** Called when the catalogue has made sure that its ledger is whole. */
  trusted(): void
}

/** Returns the store of the ledger as one life of the catalogue sees it. */
export function ledgerStoreOn(disk: SimDisk, inner: LedgerStore, life: Life, watch: LedgerWatch): LedgerStore {
  const put = (ledger: Ledger): Ledger => {
    watch.opened(ledger)
    return ledgerOn(disk, ledger, life, watch)
  }
  const replace = async (write: () => Promise<Ledger>): Promise<Ledger> => {
    const ledger = await disk.write(life, async () => {
      const written = await write()
      watch.opened(written)
      // The catalogue relies on an empty ledger only once it decides on it. Before, it may still hear of a replica with orders.
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
    // The pages come over the network, and the file is written as they come. It counts once it replaces the old one.
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

/** Returns a ledger whose durable state is `inner`, as one life of the catalogue sees it. */
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

/** Returns an order log whose durable state is `inner`, as one life of a replica sees it. */
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
