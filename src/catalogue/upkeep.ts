import { sleep } from '../runtime/clock.ts'
import type { ProcessRuntime } from '../runtime/runtime.ts'
import { DiskWatch } from '../storage/disk-watch.ts'
import type { Ledger } from '../storage/ledger.ts'
import type { Decisions } from './decisions.ts'
import type { Leaders } from './leaders.ts'
import type { Publication } from './publication.ts'
import type { Readiness } from './readiness.ts'
import type { Retention } from './retention.ts'

/** When nothing is decided for so long, the published position is written on its own. */
const IDLE_MS = 100
const PRUNE_INTERVAL_MS = 60 * 60 * 1000

/** The parts of the catalogue that need upkeep. */
export interface UpkeepWorld {
  readonly ledger: Ledger
  readonly publication: Publication
  readonly decisions: Decisions
  readonly retention: Retention
  readonly readiness: Readiness
  readonly leaders: Leaders
}

/** The work that an open catalogue does by itself: watches its disk, writes the published position, forgets old rejections. */
export class Upkeep {
  readonly #runtime: ProcessRuntime
  readonly #world: UpkeepWorld
  readonly #disk: DiskWatch
  readonly #closing = new AbortController()

  constructor(runtime: ProcessRuntime, world: UpkeepWorld) {
    this.#runtime = runtime
    this.#world = world
    this.#disk = new DiskWatch(runtime.clock, world.ledger, (trouble) => this.#diskChanged(trouble))
  }

  start(): void {
    void this.#writePublishedWhenIdle()
    void this.#pruneRejections()
    this.#disk.start()
  }

  close(): void {
    this.#closing.abort()
    this.#disk.close()
  }

  /** On a full disk nothing is decided, while everything can still be looked up. */
  #diskChanged(trouble: string | undefined): void {
    const { readiness, leaders } = this.#world
    this.#runtime.log.warn({ trouble: trouble ?? '' }, trouble === undefined ? 'the disk can be written to again' : 'nothing is decided')
    readiness.diskChanged(trouble)
    if (trouble !== undefined) leaders.end(trouble)
  }

  async #writePublishedWhenIdle(): Promise<void> {
    const { publication, decisions, ledger } = this.#world
    let written = -1
    while (!this.#closing.signal.aborted) {
      await publication.whenPublished(written + 1)
      await sleep(this.#runtime.clock, IDLE_MS, this.#closing.signal)
      const { published } = publication
      if (!decisions.idle || published < ledger.head().length) continue
      await ledger.flushPublished().catch((error: Error) => this.#runtime.halt(error))
      written = published
    }
  }

  async #pruneRejections(): Promise<void> {
    const { ledger, retention } = this.#world
    while (!this.#closing.signal.aborted) {
      // Without room nothing needs to be forgotten now.
      const before = ledger.trouble() === undefined ? retention.forgottenBeforeMs : 0
      if (before > 0) await ledger.pruneRejections(before).catch((error: Error) => this.#runtime.halt(error))
      await sleep(this.#runtime.clock, PRUNE_INTERVAL_MS, this.#closing.signal)
    }
  }
}
