import { batch, signal } from '@preact/signals'
import type { LiveEvents, LiveHello, LiveState, OrderRow, StoryItem } from '../../src/http/live.ts'
import type { ProcessEventData } from '../../src/http/control.ts'
import { afterControlEvent, afterLook, type Fault } from './faults.ts'
import { withState, type Sample } from './samples.ts'
import { StockLevels } from './stock-levels.ts'

export const TAPE_MAX = 200
const STORY_MAX = 100
const CACHE_ITEMS_MAX = 60

/** Something for the list of what happened: an item of the front end's story, or an event of the control port. */
export interface Happening {
  readonly id: string
  readonly atMs: number
  readonly kind: StoryItem['kind'] | ProcessEventData['event']
  readonly text: string
}

export type LiveEventName = keyof LiveEvents
/** An event of the stream with its name. */
export type LiveEvent = { readonly [Name in LiveEventName]: { readonly name: Name; readonly data: LiveEvents[Name] } }[LiveEventName]

/** Everything that the page knows of the system. It is only ever what the stream and the control port have told. */
export class LiveModel {
  /** 'open' while events come. */
  readonly connection = signal<'connecting' | 'open' | 'lost'>('connecting')
  readonly frontEnd = signal('')
  readonly cluster = signal('')
  readonly state = signal<LiveState | null>(null)
  /** Newest first. */
  readonly tape = signal<readonly OrderRow[]>([])
  readonly stocks = new StockLevels()
  /** Changes with every change of a stock. */
  readonly stocksChanges = signal(0)
  /** Newest first. */
  readonly happenings = signal<readonly Happening[]>([])
  readonly cacheItems = signal<LiveEvents['cache']['items']>([])
  readonly samples = signal<readonly Sample[]>([])
  readonly faults = signal<readonly Fault[]>([])
  readonly resetWhy = signal('')
  readonly #clockMs: () => number

  constructor(clockMs: () => number) {
    this.#clockMs = clockMs
  }

  /** Takes an event of the stream. */
  apply(event: LiveEvent): void {
    batch(() => {
      switch (event.name) {
        case 'hello':
          return this.#begin(event.data)
        case 'reset':
          this.resetWhy.value = event.data.why
          this.tape.value = []
          return
        case 'orders':
          this.#addOrders(event.data.rows)
          return
        case 'stocks':
          this.stocks.update(event.data.rows, this.#clockMs())
          this.stocksChanges.value += 1
          return
        case 'state':
          return this.#look(event.data)
        case 'cache':
          this.cacheItems.value = [...event.data.items.toReversed(), ...this.cacheItems.value].slice(0, CACHE_ITEMS_MAX)
          return
        case 'story':
          return this.#tell(event.data.items)
      }
    })
  }

  /** Takes an event of the control port. */
  applyControl(event: ProcessEventData): void {
    batch(() => {
      this.faults.value = afterControlEvent(this.faults.value, event)
      const id = `control ${event.name} ${event.event} ${event.atMs}`
      this.#add([{ id, atMs: event.atMs, kind: event.event, text: sentenceOf(event) }])
    })
  }

  /** Returns the whole as a `hello`, for a reader that joins now. */
  snapshot(): LiveHello | undefined {
    const state = this.state.value
    if (!state) return undefined
    return {
      ...{ frontEnd: this.frontEnd.value, cluster: this.cluster.value, history: '', published: state.published, state, story: [] },
      stocks: this.stocks.all(),
      orders: this.tape.value.slice(0, 50).toReversed(),
    }
  }

  #begin(hello: LiveHello): void {
    const isOther = hello.cluster !== this.cluster.value
    this.connection.value = 'open'
    this.frontEnd.value = hello.frontEnd
    this.cluster.value = hello.cluster
    this.stocks.replace(hello.stocks, this.#clockMs())
    this.stocksChanges.value += 1
    if (isOther) {
      this.tape.value = []
      this.samples.value = []
    }
    this.#addOrders(hello.orders)
    this.#tell(hello.story)
    this.#look(hello.state)
  }

  #addOrders(rows: readonly OrderRow[]): void {
    const newest = this.tape.value[0]?.[0] ?? -1
    const added = rows.filter(([number]) => number > newest)
    if (added.length > 0) this.tape.value = [...added.toReversed(), ...this.tape.value].slice(0, TAPE_MAX)
  }

  #look(state: LiveState): void {
    this.state.value = state
    this.samples.value = withState(this.samples.value, state)
    this.faults.value = afterLook(this.faults.value, state.processes, state.timeMs)
  }

  #tell(items: readonly StoryItem[]): void {
    const from = this.frontEnd.value
    this.#add(items.map(({ seq, atMs, kind, text }) => ({ id: `${from} ${seq}`, atMs, kind, text })))
  }

  #add(items: readonly Happening[]): void {
    const known = new Set(this.happenings.value.map(({ id }) => id))
    const added = items.filter(({ id }) => !known.has(id))
    if (added.length === 0) return
    this.happenings.value = [...added, ...this.happenings.value].toSorted((one, other) => other.atMs - one.atMs).slice(0, STORY_MAX)
  }
}

function sentenceOf({ name, event, pid, signal: killedBy, code, delayMs }: ProcessEventData): string {
  switch (event) {
    case 'exited':
      return killedBy ? `${name} was ended by ${killedBy}.` : `${name} ended with exit code ${code ?? 'unknown'}.`
    case 'backing-off':
      return `${name} starts again in ${((delayMs ?? 0) / 1_000).toFixed(1)} s.`
    case 'started':
      return `${name} was started, pid ${pid}.`
    case 'paused':
      return `${name} is paused.`
    case 'resumed':
      return `${name} goes on.`
  }
}
