import { StorageFailure, type Ledger, type LedgerOpening, type LedgerStore, type LogPage, type RebuildOrigin } from '../ledger.ts'
import type { Genesis } from '../chain.ts'
import { Replay } from '../replay.ts'
import { ClusterTable } from './tables/cluster-table.ts'
import { DamagedFile } from './file/damage.ts'
import { EntryTable } from './tables/entry-table.ts'
import { fileBehind, makeFolderOf, requireFiles } from './file/folder.ts'
import { identityOf, writeOpeningStocks } from './tables/genesis-table.ts'
import { EmbeddedLedger } from './ledger.ts'
import { lockFile, type FileLock } from './file/lock.ts'
import { FileInMaking } from './file/making.ts'
import { openSound, type Opened } from './file/opening.ts'
import { finishReplacing, isThere, putInPlace } from './file/replacing.ts'
import { ReplicaTable } from './tables/replica-table.ts'
import { mayHoldEntries, readReplicas } from './salvage.ts'
import { LEDGER_SCHEMA } from './tables/schemas.ts'
import type { SqliteFile, SqliteFileOptions } from './file/sqlite-file.ts'
import { insertStocks, StockTable } from './tables/stock-table.ts'

export interface EmbeddedLedgerStoreOptions extends SqliteFileOptions {
  /** Called when a new ledger has taken the place of an old one, with the path at which the old one is kept. */
  readonly onReplaced?: (archivedAs: string) => void
}

/**
 * Keeps the ledger in the SQLite file at `path`. All calls reject with a `StorageFailure` when the file is of another kind or
 * of a newer program, when it cannot be read or written, and when it is in use. A ledger from an earlier call uses the file
 * until the ledger is closed.
 */
export function embeddedLedgerStore(path: string, options: EmbeddedLedgerStoreOptions = {}): LedgerStore {
  return new EmbeddedLedgerStore(path, options)
}

class EmbeddedLedgerStore implements LedgerStore {
  readonly #path: string
  readonly #options: EmbeddedLedgerStoreOptions

  constructor(path: string, options: EmbeddedLedgerStoreOptions) {
    this.#path = fileBehind(path)
    this.#options = options
  }

  async open(): Promise<LedgerOpening> {
    const lock = this.#lock()
    try {
      const opening = this.#openLocked(lock)
      if (opening.kind === 'missing' || opening.kind === 'damaged') lock.release()
      return opening
    } catch (error) {
      lock.release()
      throw error
    }
  }

  async rebuild(origin: RebuildOrigin, pages: AsyncIterable<LogPage>): Promise<Ledger> {
    const { genesis, generation, replicas } = origin
    return this.#replace(async ({ file }) => {
      const replay = new Replay(genesis)
      const entries = file.guard(() => {
        writeGenesis(file, genesis)
        return new EntryTable(file)
      })
      for await (const page of pages) {
        const digests = replay.take(page)
        file.guard(() => entries.insert(page.entries, digests))
      }
      replay.end(generation)
      if (replay.length === 0) this.#forbidForgetting()
      file.guard(() => {
        writeReplayed(file, genesis, generation, replay)
        const table = new ReplicaTable(file)
        for (const replica of replicas) table.put(replica)
      })
    })
  }

  /** Throws when a damaged ledger may hold entries. Only a person may decide to replace it by an empty history. */
  #forbidForgetting(): void {
    if (!this.#mayHoldEntries()) return
    throw new StorageFailure(
      `${this.#path} is damaged, and no replica holds an order: a new history would forget those in it. Put back a whole ` +
        "backup of it or of a replica's file; to begin anew all the same, move it away",
    )
  }

  #mayHoldEntries(): boolean {
    try {
      return isThere(this.#path, LEDGER_SCHEMA) && mayHoldEntries(this.#path)
    } catch (error) {
      if (error instanceof DamagedFile) return true
      throw error
    }
  }

  /** Fills a new file, puts it in the place of what is there (L4), and opens it. */
  async #replace(fill: (made: FileInMaking) => Promise<void>): Promise<Ledger> {
    const lock = this.#lock()
    try {
      const made = new FileInMaking(this.#path, LEDGER_SCHEMA)
      try {
        await fill(made)
        this.#tell(putInPlace(made, this.#path, 'replaced')) // L4
      } finally {
        made.discard()
      }
      return this.#openWritable(lock)
    } catch (error) {
      lock.release()
      throw error
    }
  }

  #openLocked(lock: FileLock): LedgerOpening {
    try {
      if (!isThere(this.#path, LEDGER_SCHEMA)) return { kind: 'missing' }
      const { built: ledger, unwritable: why } = this.#openFile(lock)
      return why === undefined ? { kind: 'ready', ledger } : { kind: 'read-only', ledger, why }
    } catch (error) {
      if (error instanceof DamagedFile) return damaged(this.#path, error.why)
      throw error
    }
  }

  #openWritable(lock: FileLock): Ledger {
    const { built: ledger, unwritable } = this.#openFile(lock)
    if (unwritable === undefined) return ledger
    void ledger.close()
    throw new StorageFailure(`${this.#path} was written, and cannot be written any more: ${unwritable}`)
  }

  #openFile(lock: FileLock): Opened<Ledger> {
    return openSound(this.#path, LEDGER_SCHEMA, lock, this.#options, (file) => new EmbeddedLedger(file))
  }

  /** Takes the lock, and finishes a replacement in which an earlier holder was interrupted. */
  #lock(): FileLock {
    requireFiles(this.#path)
    makeFolderOf(this.#path)
    const lock = lockFile(this.#path)
    try {
      this.#tell(finishReplacing(this.#path))
      return lock
    } catch (error) {
      lock.release()
      throw error
    }
  }

  #tell(archivedAs: string | undefined): void {
    if (archivedAs !== undefined) this.#options.onReplaced?.(archivedAs)
  }
}

/**
 * Returns the opening of a damaged ledger. It names the replicas that the ledger can be recovered from, if the file still
 * tells them.
 */
function damaged(path: string, why: string): LedgerOpening {
  const replicas = readReplicas(path)
  return replicas.length === 0 ? { kind: 'damaged', why } : { kind: 'damaged', why, replicas }
}

function writeGenesis(file: SqliteFile, genesis: Genesis): void {
  new ClusterTable(file).write({ ...identityOf(genesis), generation: 0, recoveredGeneration: 0, length: 0, published: 0 })
  writeOpeningStocks(file, genesis.stocks)
  insertStocks(file, genesis.stocks)
}

function writeReplayed(file: SqliteFile, genesis: Genesis, generation: number, replay: Replay): void {
  new StockTable(file, genesis).write(replay.stocks())
  const { length, published } = replay
  new ClusterTable(file).write({ ...identityOf(genesis), generation, recoveredGeneration: generation, length, published })
}
