import { setTimeout as sleep } from 'node:timers/promises'
import { OPENING_CATALOGUE } from '../../src/domain/stock.ts'
import { BazaarClient } from '../../src/http/client.ts'
import type { OrderData } from '../../src/http/types.ts'

const LOOK_EVERY_MS = 5
/** So many acknowledgements show that a fault is over. Those that can have been on their way when it came do not count. */
const ACKNOWLEDGEMENTS_AFTER = 50

/** Clients that sell without pause, and note when each order was acknowledged. They repeat an order without an answer. */
export class Trading {
  readonly acknowledged: OrderData[] = []
  /** The times of the acknowledgements, in ms of `performance.now()`, rising. */
  readonly acknowledgedAtMs: number[] = []
  /** Answers without a number, whose repeats had none either. */
  readonly failed: string[] = []
  readonly #client: BazaarClient
  readonly #running: Promise<void>[]
  #stopping = false

  /** `frontEnd` is "host:port". `patienceMs` is how long an order is repeated before it counts as failed. */
  constructor(frontEnd: string, clients: number, patienceMs = 30_000) {
    const [host = '', port] = frontEnd.split(':')
    this.#client = new BazaarClient({ host, port: Number(port), retryForMs: patienceMs })
    this.#running = Array.from({ length: clients }, (_, id) => this.#run(id))
  }

  /**
   * Returns the longest time without any acknowledgement from `sinceMs` on, which is now. It waits until more acknowledgements
   * have come than there are clients, since each client may have had an order on its way whose acknowledgement comes before
   * the gap.
   */
  async longestGapMs(sinceMs: number, deadlineMs: number): Promise<number> {
    const before = this.acknowledgedAtMs.length
    const enough = this.#running.length + ACKNOWLEDGEMENTS_AFTER
    while (this.acknowledgedAtMs.length - before < enough) {
      if (performance.now() - sinceMs > deadlineMs) throw new Error(`no ${enough} orders in ${deadlineMs} ms`)
      await sleep(LOOK_EVERY_MS)
    }
    const times = [sinceMs, ...this.acknowledgedAtMs.slice(before)]
    return times.reduce((longest, atMs, i) => Math.max(longest, atMs - (times[i - 1] ?? atMs)), 0)
  }

  async stop(): Promise<void> {
    this.#stopping = true
    await Promise.all(this.#running)
    this.#client.close()
  }

  async #run(id: number): Promise<void> {
    for (let turn = id; !this.#stopping; turn++) {
      const { name } = OPENING_CATALOGUE[turn % OPENING_CATALOGUE.length]!
      const order = { name, type: 'sell', quantity: 1 }
      const answer = await this.#client.place(order)
      if (answer.kind === 'ok') {
        this.acknowledged.push({ number: answer.number, ...order })
        this.acknowledgedAtMs.push(performance.now())
      } else this.failed.push(JSON.stringify(answer))
    }
  }
}
