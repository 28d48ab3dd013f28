import { renameSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { makeFolderOf, syncFile, syncFolder } from './folder.ts'
import type { Schema } from './schema.ts'
import { SqliteFile } from './sqlite-file.ts'
import { asFailure } from './sqlite-error.ts'

/**
 * A new file that is being filled under the name `<path>.rebuilding`. It gets its real name when it is whole and synced, so
 * the real name never leads to half a file.
 */
export class FileInMaking {
  readonly path: string
  readonly file: SqliteFile

  /** Begins with an empty file. Removes the files that an earlier making left when it was interrupted. */
  constructor(path: string, schema: Schema) {
    makeFolderOf(path)
    this.path = `${path}.rebuilding`
    removeAll(this.path)
    this.file = new SqliteFile(this.path, schema, { kind: 'make' })
  }

  /** Ends the making: syncs the file, and then gives it this name in the same folder. */
  finish(name: string): void {
    try {
      this.file.guard(() => this.file.complete())
      syncFile(this.path)
      renameSync(this.path, name)
      syncFolder(dirname(name))
    } catch (error) {
      throw asFailure(this.path, error)
    }
  }

  /** Removes the unfinished file. */
  discard(): void {
    this.file.close()
    removeAll(this.path)
  }
}

function removeAll(path: string): void {
  for (const suffix of ['', '-wal', '-shm', '-journal']) rmSync(path + suffix, { force: true })
}
