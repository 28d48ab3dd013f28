import type { StoryItem, StoryKind } from '../../http/live.ts'
import type { Clock } from '../../runtime/clock.ts'

/** So much of the story is kept. */
const STORY_MAX = 50

/** Keeps what happened lately, in sentences. */
export class Story {
  readonly #clock: Clock
  readonly #items: StoryItem[] = []
  #seq = 0
  /** Hears of each item as it happens. */
  onItem: (item: StoryItem) => void = () => {}

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** The newest items, oldest first. */
  get items(): readonly StoryItem[] {
    return this.#items
  }

  tell(kind: StoryKind, text: string, more: Pick<StoryItem, 'name' | 'ms' | 'why'> = {}): void {
    this.#seq += 1
    const item: StoryItem = { seq: this.#seq, atMs: this.#clock.wallMs(), kind, ...more, text }
    this.#items.push(item)
    if (this.#items.length > STORY_MAX) this.#items.shift()
    this.onItem(item)
  }
}
