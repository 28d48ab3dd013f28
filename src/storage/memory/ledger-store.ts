import type { Ledger, LedgerOpening, LedgerStore, LogPage, RebuildOrigin } from '../ledger.ts'
import { Replay } from '../replay.ts'
import { MemoryDisk } from './disk.ts'
import { LedgerState } from './ledger-state.ts'
import { MemoryLedger } from './ledger.ts'

export interface MemoryLedgerStoreOptions {
  /** The disk below each ledger that is opened; without it, disks that never fail. */
  readonly disk?: () => MemoryDisk
}

/** The contents of a store at one moment, used to play the restoring of a backup. Undefined when the store was empty. */
export type LedgerSnapshot = LedgerState | undefined

/**
 * A store in memory for tests and the simulation. When the store is opened again, all that a ledger wrote is there, whether
 * the ledger was closed or not.
 */
export class MemoryLedgerStore implements LedgerStore {
  readonly #disk: () => MemoryDisk
  readonly #replaced: LedgerState[] = []
  #state: LedgerState | undefined
  #opened: Ledger | undefined
  #damage: string | undefined

  constructor(options: MemoryLedgerStoreOptions = {}) {
    this.#disk = options.disk ?? (() => new MemoryDisk())
  }

  async open(): Promise<LedgerOpening> {
    if (this.#damage !== undefined) return { kind: 'damaged', why: this.#damage }
    if (!this.#state) return { kind: 'missing' }
    const ledger = this.#openState(this.#state)
    const why = ledger.trouble()
    return why === undefined ? { kind: 'ready', ledger } : { kind: 'read-only', ledger, why }
  }

  async rebuild({ genesis, generation, replicas }: RebuildOrigin, pages: AsyncIterable<LogPage>): Promise<Ledger> {
    const state = new LedgerState(genesis)
    const replay = new Replay(genesis)
    for await (const page of pages) state.append(page.entries, replay.take(page))
    replay.end(generation)
    state.finish(replay, generation)
    for (const replica of replicas) state.replicas.set(replica.replicaId, replica)
    await this.#opened?.close()
    if (this.#state) this.#replaced.push(this.#state)
    return this.#put(state) // L4
  }

  /** Ledgers that `rebuild` has replaced, oldest first. */
  get replaced(): readonly LedgerSnapshot[] {
    return this.#replaced
  }

  /** Puts an empty disk in the place of the present one. */
  lose(): void {
    this.restore(undefined)
  }

  /** Damages the ledger: it cannot be opened any more. */
  damage(why: string): void {
    this.#damage = why
  }

  snapshot(): LedgerSnapshot {
    return this.#state?.copy()
  }

  /** Puts an earlier state in the place of the present one. Ledgers that were opened before no longer write to the store. */
  restore(snapshot: LedgerSnapshot): void {
    this.#state = snapshot?.copy()
    this.#damage = undefined
  }

  #put(state: LedgerState): Ledger {
    this.#state = state
    this.#damage = undefined
    return this.#openState(state)
  }

  #openState(state: LedgerState): Ledger {
    this.#opened = new MemoryLedger(state, this.#disk())
    return this.#opened
  }
}

export function memoryLedgerStore(options?: MemoryLedgerStoreOptions): MemoryLedgerStore {
  return new MemoryLedgerStore(options)
}
