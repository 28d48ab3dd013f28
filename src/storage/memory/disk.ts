import { StorageFailure } from '../ledger.ts'

/** Stands for the disk below an engine in memory, so that such an engine can fail like a real one (L3, G3). */
export class MemoryDisk {
  #writesLeft: number
  #failure: StorageFailure | undefined

  /** `writesMax`: how many writes succeed before it is full. */
  constructor(writesMax = Number.POSITIVE_INFINITY) {
    this.#writesLeft = writesMax
  }

  /** From now on every write fails. */
  fill(): void {
    this.#writesLeft = 0
  }

  trouble(): string | undefined {
    return this.#writesLeft > 0 ? undefined : 'the disk in memory is full'
  }

  /** Throws when nothing can be read any more. */
  read(): void {
    if (this.#failure) throw this.#failure
  }

  /** Throws when nothing can be written; the first time that happens is the last time that anything works. */
  write(): void {
    this.read()
    this.#writesLeft -= 1
    if (this.#writesLeft >= 0) return
    this.#failure = new StorageFailure('the disk in memory is full')
    throw this.#failure
  }
}
