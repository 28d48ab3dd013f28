import { StorageFailure } from '../ledger.ts'

/** The pretended disk below an engine in memory. With it such an engine can fail like a real one (L3, G3). */
export class MemoryDisk {
  #writesLeft: number
  #failure: StorageFailure | undefined

  /** `writesMax` writes succeed before the disk is full. */
  constructor(writesMax = Number.POSITIVE_INFINITY) {
    this.#writesLeft = writesMax
  }

  /** Makes every write fail from now on. */
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

  /** Counts a write. Throws when the disk is full; after that, every read and write throws. */
  write(): void {
    this.read()
    this.#writesLeft -= 1
    if (this.#writesLeft >= 0) return
    this.#failure = new StorageFailure('the disk in memory is full')
    throw this.#failure
  }
}
