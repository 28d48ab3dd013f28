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

/** After so many changed rows the write-ahead log is copied into the file. One row costs up to two pages of 4 KiB. */
const ROWS_PER_CHECKPOINT = 4_000
/** How long a write waits for another program that writes to the file, in milliseconds. The event loop is blocked meanwhile. */
const BUSY_TIMEOUT_MS = 1_000
const CACHE_KIB = 32_768
/** Cache for the index of a million random keys. With a smaller one, making a file takes twice as long. */
const MAKING_CACHE_KIB = 131_072
const WAL_BYTES_KEPT = 67_108_864

export interface SqliteFileOptions {
  /** Largest size of the file, in pages of 4096 bytes; without it, only the disk limits it. */
  readonly pagesMax?: number
}

/** The purpose that a file is opened for. */
export type FileUse =
  /** To read only. The file is not changed, not even by closing it. */
  | { readonly kind: 'look' }
  /** To read and write. Only the holder of the lock does so. */
  | ({ readonly kind: 'write' } & SqliteFileOptions)
  /** To fill a new file in one go. What was written counts after `complete` and a sync. */
  | { readonly kind: 'make' }

/** The two locks that keep other processes from writing to a file. */
export interface Locks {
  /** The lock on the file's place. */
  readonly place: FileLock
  /** The lock on the file itself, wherever it is. */
  readonly itself: InodeLock
}

/**
 * One SQLite file that this process alone writes.
 *
 * W1. A transaction is synced before `transaction` returns (WAL, synchronous=FULL).
 * W2. After the first failure of SQLite, or the first damage that is noticed, every later call throws the same error.
 *     Damage is marked on disk before the error is thrown, since the next opening may not look at the damaged place.
 *     This class runs the checkpoints itself, because SQLite would not report their failures.
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
  /** True when this connection and other processes notice each other's locks. */
  readonly sharesLocks: boolean
  /** The form of the file. It is read only when the file is opened to look. */
  readonly #form: FileForm | undefined

  /** Opens the file. The file has to exist, unless it is opened to be made. */
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

  /** Runs `work` on a sound file. A failure of SQLite becomes a StorageFailure that every later call throws again (W2). */
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

  /** Runs `work` and syncs all that it wrote. When `work` throws, nothing of it is written. Call this inside `guard`. */
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

  /**
   * Returns why nothing more should be written for now, or undefined. For a file that is opened to look, returns why it could
   * not be written.
   */
  trouble(): string | undefined {
    if (this.#locks && !this.#locks.itself.isInPlace()) {
      return `${this.path} was moved, removed or replaced while it was in use: put it back, or restart this process`
    }
    return this.#isLooking ? whyNotWritable(this.path) : whyNoRoom(this.path)
  }

  /**
   * Reads every page when the file has another form than this program gives it, since a flipped bit looks the same as the
   * work of a tool. Throws a {@link Damage} when the pages do not fit the form. Call it inside `guard`, on a file that is
   * opened to look.
   */
  proveForm(): void {
    const unusual = this.#form?.unusual
    if (unusual === undefined) return
    const [row] = this.#database.prepare('PRAGMA integrity_check(1)').all()
    const words = text(only(row, 'the result of a check'), 'integrity_check')
    if (words !== 'ok') throw new Damage(`its header has ${unusual}, and SQLite says: ${words}`)
  }

  /** Makes all reads show the present contents from now on, whatever others write, until the file is closed. */
  freeze(): void {
    this.#database.exec('BEGIN; SELECT count(*) FROM sqlite_schema')
  }

  /** Takes over the locks: they are released when the file is closed. */
  keepLocks(locks: Locks): void {
    this.#locks = locks
  }

  /** Ends the making of a file: hands all writes to the operating system, and gives the file its usual form. */
  complete(): void {
    this.#database.exec('COMMIT')
    this.#useWal()
    this.close()
  }

  /** Closes the file and releases its locks. May be called twice, and after a failure. */
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

  /** Sets up the making of a file. It needs no journal, since the file is made anew after a crash. */
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

  /** Throws when the file is of another kind, which this program must not touch. A changed byte may look the same. */
  #checkKind(): void {
    const { applicationId, version } = this.#schema
    const foundId = this.#pragma('application_id')
    const foundVersion = this.#pragma('user_version')
    const tables = this.#database.prepare('SELECT count(*) AS tables FROM sqlite_schema').get()
    // A file of ours gets its name when it is filled, so an empty one has been truncated.
    if (integer(only(tables, 'the schema'), 'tables') === 0) throw new Damage('it holds no tables')
    const isMarked = foundId === applicationId && foundVersion === version
    if (!isMarked && !this.#isRestoredDump(foundId, foundVersion)) throw this.#strangeMark(foundId, foundVersion)
    checkSchema(this.#database, this.#schema, this.path)
  }

  /** Says whether the file is a restored dump. A dump lacks only the two numbers that tell the kind and the version. */
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

  /** Checks the parts of the file that SQLite itself does not look at. Returns the file's form. */
  #checkOutside(): FileForm {
    checkNoJournal(this.path)
    const form = checkHeader(this.path, this.#schema.applicationId)
    checkWriteAheadLog(this.path, form)
    return form
  }

  /**
   * Switches the file to a write-ahead log, which a tool's copy may lack. The switch changes a few bytes of the first page.
   * A disk writes those at once, so no journal is needed, and none is left for the next start.
   */
  #useWal(): void {
    if (this.#journalMode('') === 'delete') this.#journalMode('= MEMORY')
    if (this.#journalMode('= WAL') !== 'wal') throw new StorageFailure(`${this.path} is on a file system without WAL`)
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
      // The earlier failure has been reported. Because of W2 nobody continues with the file.
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

/** Opens the file with foreign keys off: tables that somebody added may refer to ours, and must not hinder our writes. */
function openToWrite(path: string): { database: DatabaseSync; sharesLocks: boolean } {
  return { database: new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS, enableForeignKeyConstraints: false }), sharesLocks: true }
}
