import { renameSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { makeFolderOf, syncFile, syncFolder } from './folder.ts'
import type { Schema } from './schema.ts'
import { SqliteFile } from './sqlite-file.ts'
import { asFailure } from './sqlite-error.ts'

/**
 * A new file that is being filled under a name of its own, `<path>.rebuilding`. It gets its real name when it is whole
 * and synced, so that there is never half a file of that name.
 */
export class FileInMaking {
  readonly path: string
  readonly file: SqliteFile

  /** Begins anew when an earlier making was interrupted. */
  constructor(path: string, schema: Schema) {
    makeFolderOf(path)
    this.path = `${path}.rebuilding`
    removeAll(this.path)
    this.file = new SqliteFile(this.path, schema, { kind: 'make' })
  }

  /** Ends the making: the file is synced, and then has this name in the same folder. */
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

  /** Gives it up, and the room that it takes. */
  discard(): void {
    this.file.close()
    removeAll(this.path)
  }
}

function removeAll(path: string): void {
  for (const suffix of ['', '-wal', '-shm', '-journal']) rmSync(path + suffix, { force: true })
}
