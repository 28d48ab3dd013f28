import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { StorageFailure } from '../../ledger.ts'
import { Damage, DamagedFile, ImpossibleValue, markDamaged } from './damage.ts'
import type { InodeLock } from './inode-lock.ts'
import type { FileLock } from './lock.ts'
import { checkHeader, type FileForm } from './file-header.ts'
import { openToLook } from './looking.ts'
import { checkNoJournal } from './rollback-journal.ts'
import { whyNoRoom, whyNotWritable } from './room.ts'
import { integer, only, text } from './row.ts'
import { type Schema, checkSchema, hasSchema } from './schema.ts'
import { asFailure, isCorruption, isForeignSchema, isIntegerOutOfRange } from './sqlite-error.ts'
import { checkWriteAheadLog } from './write-ahead-log.ts'

/** Changed rows after which the write-ahead log is copied into the file. One row costs up to two pages of 4 KiB. */
const ROWS_PER_CHECKPOINT = 4_000
/** How long a write waits for another program that writes to the file, in milliseconds: the event loop stands still. */
const BUSY_TIMEOUT_MS = 1_000
const CACHE_KIB = 32_768
/** Room for the index of a million random keys: with less, making a file takes twice as long. */
const MAKING_CACHE_KIB = 131_072
const WAL_BYTES_KEPT = 67_108_864

export interface SqliteFileOptions {
  /** Largest size of the file, in pages of 4096 bytes; without it, only the disk limits it. */
  readonly pagesMax?: number
}

/** What a file is opened for. */
export type FileUse =
  /** Nothing in it is changed, not even by closing it. */
  | { readonly kind: 'look' }
  /** By the holder of its lock. */
  | ({ readonly kind: 'write' } & SqliteFileOptions)
  /** To fill a new file in one go. Only what `complete` and a sync have followed counts. */
  | { readonly kind: 'make' }

/** What keeps other processes from writing to a file. */
export interface Locks {
  /** On its place. */
  readonly place: FileLock
  /** On the file, wherever it is. */
  readonly itself: InodeLock
}

/**
 * One SQLite file that this process alone writes.
 *
 * W1. A transaction is synced before `transaction` returns (WAL, synchronous=FULL).
 * W2. The first failure of SQLite, or damage that is noticed, is the last: every later call throws it again. Damage is
 *     marked on disk before anybody hears of it, since the next opening may not look where it is.
 *     Checkpoints are run here and not by SQLite, which would keep their failures to itself.
 * W3. One process at a time: see {@link Locks}. Readers are welcome at any time.
 */
export class SqliteFile {
  readonly path: string
  readonly #schema: Schema
  readonly #database: DatabaseSync
  readonly #changes: StatementSync
  #changesAtCheckpoint = 0
  #locks: Locks | undefined
  #failure: StorageFailure | undefined
  #closed = false
  readonly #isLooking: boolean
  /** Whether others notice that this one reads, and it that they write. */
  readonly sharesLocks: boolean
  /** Known of a file that is only looked at. */
  readonly #form: FileForm | undefined

  /** Opens the file; only to make it may it be missing. */
  constructor(path: string, schema: Schema, use: FileUse) {
    this.path = path
    this.#schema = schema
    this.#isLooking = use.kind === 'look'
    try {
      if (this.#isLooking) this.#form = this.#checkOutside()
      const { database, sharesLocks } = this.#isLooking ? openToLook(path, BUSY_TIMEOUT_MS) : openToWrite(path)
      this.#database = database
      this.sharesLocks = sharesLocks
    } catch (error) {
      throw this.#asFailure(error)
    }
    try {
      this.#changes = this.#database.prepare('SELECT total_changes() AS changes')
      this.#start(use)
    } catch (error) {
      this.#database.close()
      throw this.#asFailure(error)
    }
  }

  prepare(sql: string): StatementSync {
    return this.#database.prepare(sql)
  }

  /** Runs `work` on a sound file; what goes wrong in SQLite becomes a StorageFailure that stays (W2). */
  guard<T>(work: () => T): T {
    if (this.#closed) throw new Error(`${this.path} is closed`)
    if (this.#failure) throw this.#failure
    try {
      return work()
    } catch (error) {
      const failure = this.#asFailure(error)
      if (failure instanceof StorageFailure) this.#failure = failure
      if (failure instanceof DamagedFile && this.#locks) markDamaged(this.path, failure.why) // W2
      throw failure
    }
  }

  /** Runs `work` and syncs all that it wrote, or nothing of it when it throws. Call it inside `guard`. */
  transaction<T>(work: () => T): T {
    this.#database.exec('BEGIN IMMEDIATE')
    let result: T
    try {
      result = work()
      this.#database.exec('COMMIT') // W1
    } catch (error) {
      this.#rollBack()
      throw error
    }
    this.#checkpointWhenDue()
    return result
  }

  /** Why nothing more should be written for now, or undefined. Of a file that is only looked at: why it could not be. */
  trouble(): string | undefined {
    if (this.#locks && !this.#locks.itself.isInPlace()) {
      return `${this.path} was moved, removed or replaced while it was in use: put it back, or restart this process`
    }
    return this.#isLooking ? whyNotWritable(this.path) : whyNoRoom(this.path)
  }

  /**
   * Reads every page when a tool has given the file another form than this program does: a flipped bit would look the
   * same. Throws a {@link Damage} when the pages do not bear it out. Call it inside `guard`, on a file that is looked at.
   */
  proveForm(): void {
    const unusual = this.#form?.unusual
    if (unusual === undefined) return
    const [row] = this.#database.prepare('PRAGMA integrity_check(1)').all()
    const words = text(only(row, 'the result of a check'), 'integrity_check')
    if (words !== 'ok') throw new Damage(`its header has ${unusual}, and SQLite says: ${words}`)
  }

  /** From now on all reading shows one moment, whatever others write; until the file is closed. */
  freeze(): void {
    this.#database.exec('BEGIN; SELECT count(*) FROM sqlite_schema')
  }

  /** From now on the locks are let go of together with the file. */
  keepLocks(locks: Locks): void {
    this.#locks = locks
  }

  /** Ends the making of a file: all that was written to it goes to the operating system, and it becomes a usual one. */
  complete(): void {
    this.#database.exec('COMMIT')
    this.#useWal()
    this.close()
  }

  /** Lets go of the file. Does no harm when called twice, or after a failure. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    try {
      this.#database.close()
    } finally {
      this.#locks?.itself.release()
      this.#locks?.place.release()
    }
  }

  #start(use: FileUse): void {
    const cacheKib = use.kind === 'make' ? MAKING_CACHE_KIB : CACHE_KIB
    this.#database.exec(`PRAGMA cache_size = -${cacheKib}; PRAGMA cell_size_check = ON; PRAGMA temp_store = MEMORY;`)
    if (use.kind === 'make') return this.#beginMaking()
    this.#checkKind()
    if (use.kind === 'write') this.#configure(use)
  }

  /** A file in the making needs no journal: after a crash it is made anew. */
  #beginMaking(): void {
    this.#database.exec('PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; BEGIN')
    this.#database.exec(this.#schema.sql)
    this.#database.exec(`PRAGMA application_id = ${this.#schema.applicationId}`)
    this.#database.exec(`PRAGMA user_version = ${this.#schema.version}`)
  }

  #configure({ pagesMax }: SqliteFileOptions): void {
    this.#useWal()
    this.#markAsOurs()
    this.#database.exec(`
      PRAGMA synchronous = FULL; PRAGMA fullfsync = ON; PRAGMA checkpoint_fullfsync = ON;
      PRAGMA wal_autocheckpoint = 0; PRAGMA journal_size_limit = ${WAL_BYTES_KEPT};`)
    if (pagesMax !== undefined) this.#database.exec(`PRAGMA max_page_count = ${pagesMax}`)
  }

  get #markIt(): string {
    return `\`touch ${this.path}.damaged\``
  }

  /** Throws when the file is something that this program must not touch, or takes for that: a byte may have changed. */
  #checkKind(): void {
    const { applicationId, version } = this.#schema
    const foundId = this.#pragma('application_id')
    const foundVersion = this.#pragma('user_version')
    const tables = this.#database.prepare('SELECT count(*) AS tables FROM sqlite_schema').get()
    // Files of ours get their names when they are filled: an empty one has been cut.
    if (integer(only(tables, 'the schema'), 'tables') === 0) throw new Damage('it holds no tables')
    const isMarked = foundId === applicationId && foundVersion === version
    if (!isMarked && !this.#isRestoredDump(foundId, foundVersion)) throw this.#strangeMark(foundId, foundVersion)
    checkSchema(this.#database, this.#schema, this.path)
  }

  /** A dump has all that a file holds, but for the two numbers that say what it is. */
  #isRestoredDump(foundId: number, foundVersion: number): boolean {
    return foundId === 0 && foundVersion === 0 && hasSchema(this.#database, this.#schema)
  }

  #strangeMark(foundId: number, foundVersion: number): StorageFailure {
    const { kind, applicationId, version } = this.#schema
    if (foundId !== applicationId) {
      const repair = hasSchema(this.#database, this.#schema)
        ? `it has the tables of one: if it is one, ${this.#setNumber('application_id', applicationId)}`
        : `start with another file, or, if it was one, ${this.#markIt}`
      return new StorageFailure(`${this.path} is not ${kind}: ${repair}`)
    }
    const found = `${this.path} has schema version ${foundVersion}`
    const ifChanged = `if somebody has changed that number, ${this.#setNumber('user_version', version)}`
    return foundVersion > version
      ? new StorageFailure(`${found}, this program knows versions up to ${version}: start it with a newer program, or, ${ifChanged}`)
      : new StorageFailure(
          `${found}, from before the first release; this program knows version ${version} only: start with another ` +
            `folder, or, ${ifChanged}`,
        )
  }

  #setNumber(pragma: 'application_id' | 'user_version', value: number): string {
    return `\`sqlite3 ${this.path} 'PRAGMA ${pragma} = ${value}'\``
  }

  #markAsOurs(): void {
    const { applicationId, version } = this.#schema
    if (this.#pragma('application_id') === applicationId) return
    this.#database.exec(`BEGIN IMMEDIATE; PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${version}; COMMIT`)
  }

  /** Throws when the bytes show what SQLite itself does not look at. */
  #checkOutside(): FileForm {
    checkNoJournal(this.path)
    const form = checkHeader(this.path, this.#schema.applicationId)
    checkWriteAheadLog(this.path, form)
    return form
  }

  /**
   * A copy that a tool has made may be one without a write-ahead log. The switch changes a few bytes of the first page,
   * which a disk writes at once: it needs no journal, and leaves none that another start would stumble over.
   */
  #useWal(): void {
    if (this.#journalMode('') === 'delete') this.#journalMode('= MEMORY')
    if (this.#journalMode('= WAL') !== 'wal') throw new StorageFailure(`${this.path} stands on a file system without WAL`)
  }

  #journalMode(change: string): unknown {
    return this.#database.prepare(`PRAGMA journal_mode ${change}`).get()?.['journal_mode']
  }

  #pragma(name: 'application_id' | 'user_version'): number {
    return integer(only(this.#database.prepare(`PRAGMA ${name}`).get(), name), name)
  }

  #rollBack(): void {
    if (!this.#database.isTransaction) return
    try {
      this.#database.exec('ROLLBACK')
    } catch {
      // What failed before is told; W2 keeps anybody from going on.
    }
  }

  #checkpointWhenDue(): void {
    const changes = integer(only(this.#changes.get(), 'the counter of changes'), 'changes')
    if (changes - this.#changesAtCheckpoint < ROWS_PER_CHECKPOINT) return
    this.#changesAtCheckpoint = changes
    this.#database.exec('PRAGMA wal_checkpoint(PASSIVE)')
  }

  #asFailure(error: unknown): unknown {
    const isDamage = error instanceof Damage || isIntegerOutOfRange(error)
    if (isDamage || isCorruption(error) || isForeignSchema(error)) {
      return new DamagedFile(this.path, error, this.#schema.advice)
    }
    if (error instanceof ImpossibleValue) return new StorageFailure(`${this.path}: ${error.message}`, { cause: error })
    return asFailure(this.path, error)
  }
}

/** Tables that somebody added may refer to ours: that must not hinder what is written. */
function openToWrite(path: string): { database: DatabaseSync; sharesLocks: boolean } {
  return { database: new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS, enableForeignKeyConstraints: false }), sharesLocks: true }
}
