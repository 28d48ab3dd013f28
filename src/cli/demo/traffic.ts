import type { BazaarClient } from '../../http/client.ts'
import { fraction } from '../../http/retry.ts'
import { sleep, type Clock } from '../../runtime/clock.ts'
import type { Random } from '../../runtime/random.ts'

/** The key of each order begins like this, so that everybody can tell it from an order of somebody's own. */
const DEMO_KEY_PREFIX = 'demo-'
const DEMO_KEY_BYTES = 12
const DEMO_CLIENTS = 4
/** The mean pause of a client between two rounds. A pause has from half to one and a half times this length. */
const DEMO_PAUSE_MS = 1_500
/** The part of the rounds that place an order. The others only look up. */
const DEMO_ORDER_SHARE = 0.75
const DEMO_QUANTITY_MAX = 5
/** A level moves at least so far from the usual one. */
const DEMO_SPAN_MIN = 50

/** Says what the clients do, for the one who started the system. */
export const DEMO_WORDS = `${DEMO_CLIENTS} gentle clients trade here, some ${Math.round((DEMO_CLIENTS * DEMO_ORDER_SHARE * 1_000) / DEMO_PAUSE_MS)} orders/s`

/** The level of each stock that the clients keep near, by name. */
export type UsualLevels = Readonly<Record<string, number>>

export interface DemoOptions {
  readonly client: Pick<BazaarClient, 'stock' | 'place'>
  readonly clock: Clock
  readonly random: Random
  readonly usual: UsualLevels
}

/**
 * Returns the side of an order of a stock with so many shares. The further the level is from the usual one, the surer the order
 * leads back. So no stock is ever sold out or piled up, however long this goes on. `chance` is from 0 up to, not including, 1.
 */
export function demoSide(shares: number, usual: number, chance: number): 'buy' | 'sell' {
  if (shares < DEMO_QUANTITY_MAX) return 'sell'
  const span = Math.max(DEMO_SPAN_MIN, usual / 2)
  return chance < 0.5 + (shares - usual) / (2 * span) ? 'buy' : 'sell'
}

/** A few gentle clients, so that a system without users has something to show. */
export class DemoTraffic {
  readonly #options: DemoOptions

  constructor(options: DemoOptions) {
    this.#options = options
  }

  /** Lets the clients trade until the signal aborts. An order that is under way by then may still be placed. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all(Array.from({ length: DEMO_CLIENTS }, () => this.#trade(signal)))
  }

  async #trade(signal: AbortSignal): Promise<void> {
    const { clock, random } = this.#options
    while (!signal.aborted) {
      await sleep(clock, DEMO_PAUSE_MS * (0.5 + fraction(random)), signal)
      if (!signal.aborted) await this.#round()
    }
  }

  async #round(): Promise<void> {
    const { client, random, usual } = this.#options
    const names = Object.keys(usual)
    const name = names[Math.floor(fraction(random) * names.length)]
    if (name === undefined) return
    const found = await client.stock(name)
    if (found.kind !== 'ok' || fraction(random) >= DEMO_ORDER_SHARE) return
    const type = demoSide(found.value.quantity, usual[name]!, fraction(random))
    const quantity = 1 + Math.floor(fraction(random) * DEMO_QUANTITY_MAX)
    await client.place({ name, type, quantity }, { key: `${DEMO_KEY_PREFIX}${random.id(DEMO_KEY_BYTES)}` })
  }
}
