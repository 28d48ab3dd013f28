import { Agent, get, type ClientRequest } from 'node:http'
import type { LiveEvents, OrderRow } from '../src/http/live.ts'
import { splitAddress } from '../src/runtime/address.ts'

/** One event of the live stream. */
export interface SentEvent {
  readonly id: string | undefined
  readonly event: keyof LiveEvents
  readonly data: unknown
}

/** Reads one answer of `/v1/events` until it ends or is closed. */
export class EventReader {
  /** Resolves once the answer is over, for whatever reason. */
  readonly ended: Promise<void>
  readonly #agent = new Agent()
  readonly #request: ClientRequest
  #text = ''

  /** `frontEnd`: "host:port". `take` is called for each event. */
  constructor(frontEnd: string, lastEventId: string | undefined, take: (event: SentEvent) => void) {
    const { host, port } = splitAddress(frontEnd)
    const headers = lastEventId === undefined ? {} : { 'last-event-id': lastEventId }
    this.#request = get({ host, port, path: '/v1/events', agent: this.#agent, headers })
    this.ended = new Promise((resolve) => {
      this.#request.on('error', () => resolve()).on('close', () => resolve())
      this.#request.on('response', (response) => {
        response.setEncoding('utf8')
        response.on('data', (chunk: string) => this.#read(chunk, take))
        response.on('error', () => resolve()).on('close', () => resolve())
      })
    })
  }

  close(): void {
    this.#request.destroy()
    this.#agent.destroy()
  }

  #read(chunk: string, take: (event: SentEvent) => void): void {
    const parts = (this.#text + chunk).split('\n\n')
    this.#text = parts.pop()!
    for (const part of parts) {
      const fields = new Map(part.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]))
      const [event, data] = [fields.get('event'), fields.get('data')]
      if (event !== undefined && data !== undefined)
        take({ id: fields.get('id'), event: event as keyof LiveEvents, data: JSON.parse(data) })
    }
  }
}

/** A reader that comes again after its last id, at one front end after the other, and keeps all orders that it gets. */
export class LastingReader {
  readonly orders: OrderRow[] = []
  /** Everything that may not happen: an order left out, told twice or out of order, a stream that begins anew. */
  readonly wrong: string[] = []
  connections = 0
  readonly #frontEnds: () => readonly string[]
  /** Number of the first order that it gets. */
  readonly #first: number
  #lastEventId: string | undefined
  #reader: EventReader | undefined
  #isOver = false
  readonly #running: Promise<void>

  /** `after`: the last order that it has got earlier, and its history. */
  constructor(frontEnds: () => readonly string[], after?: { readonly history: string; readonly number: number }) {
    this.#frontEnds = frontEnds
    this.#lastEventId = after && `${after.history}-${after.number}`
    this.#first = after ? after.number + 1 : 0
    this.#running = this.#read()
  }

  /** Drops the connection. The reader comes again elsewhere. */
  drop(): void {
    this.#reader?.close()
  }

  async stop(): Promise<void> {
    this.#isOver = true
    this.drop()
    await this.#running
  }

  async #read(): Promise<void> {
    for (let turn = 0; !this.#isOver; turn += 1) {
      const frontEnds = this.#frontEnds()
      this.#reader = new EventReader(frontEnds[turn % frontEnds.length]!, this.#lastEventId, (event) => this.#take(event))
      this.connections += 1
      await this.#reader.ended
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }

  #take({ id, event, data }: SentEvent): void {
    if (event === 'reset') this.wrong.push(`reset after ${this.#lastEventId}: ${JSON.stringify(data)}`)
    const isFirst = event === 'hello' && this.#lastEventId === undefined
    const rows = isFirst ? (data as LiveEvents['hello']).orders : event === 'orders' ? (data as LiveEvents['orders']).rows : []
    for (const row of rows) {
      if (row[0] !== this.#first + this.orders.length)
        this.wrong.push(`order ${row[0]} as number ${this.orders.length} from ${this.#first} on`)
      this.orders.push(row)
    }
    if (isFirst) {
      const { history, published } = data as LiveEvents['hello']
      if (published > 0) this.#lastEventId = `${history}-${published - 1}`
    }
    if (id !== undefined) this.#lastEventId = id
  }
}
