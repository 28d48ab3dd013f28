import { LIMITS } from '../src/domain/limits.ts'
import type { Entry } from '../src/domain/order.ts'
import { OPENING_CATALOGUE } from '../src/domain/stock.ts'
import type { LeaderToCatalogue } from '../src/wire/messages.ts'
import type { Ledger } from '../src/storage/ledger.ts'
import { entriesBetween } from '../src/storage/pages.ts'
import type { Cluster } from './cluster.ts'
import type { NetworkObserver } from './network-observer.ts'
import type { Life } from './process.ts'

/** The shares traded of one stock after each of its entries. */
interface Volumes {
  readonly numbers: number[]
  readonly totals: number[]
}

/** Checks the invariants about the ledger's content, after every write of the catalogue that has become durable. */
export class LedgerChecks implements NetworkObserver {
  readonly #cluster: Cluster
  /** Returns the highest position that the catalogue has called published. */
  readonly #told: () => number
  readonly #strangersTrade: boolean
  /** The highest position that a leader has asked the catalogue to publish. */
  #asked = 0
  readonly #violated: (what: string) => void
  /** Keys of orders of which a client was told that they are not in the log, with the start of the call. */
  readonly #absent = new Map<string, number>()
  /** The ledger that was checked last. A ledger that was opened anew is checked from its beginning. */
  #ledger: Ledger | undefined
  #length = 0
  #numberByKey = new Map<string, number>()
  #quantities = new Map<string, number>()
  #volumes = new Map<string, Volumes>()

  constructor(cluster: Cluster, told: () => number, strangersTrade: boolean, violated: (what: string) => void) {
    this.#cluster = cluster
    this.#told = told
    this.#strangersTrade = strangersTrade
    this.#violated = violated
  }

  delivered(_to: Life, message: object): void {
    const { publish } = message as LeaderToCatalogue
    if (publish) this.#asked = Math.max(this.#asked, publish.position)
  }

  afterWrite(process: string): void {
    if (process !== this.#cluster.catalogue.name) return
    const { ledger } = this.#cluster
    if (ledger !== this.#ledger) this.#beginAnew(ledger)
    if (ledger) void this.#look(ledger)
  }

  /** 5. An order that was answered as rejected or not placed is never in the log; a rejected one as long as it is remembered. */
  toldAbsent(key: string, kind: 'rejected' | 'not placed', start: number): void {
    this.#absent.set(key, kind === 'rejected' ? start : Infinity)
    const number = this.#numberByKey.get(key)
    if (number !== undefined && this.#isAbsent(key)) this.#violated(`5: ${key} is said to be in no log, and is order ${number}`)
  }

  #isAbsent(key: string): boolean {
    return (this.#absent.get(key) ?? -Infinity) > this.#cluster.ledgerHurtAt
  }

  /** Notes that an order may come into the log after all, since its client sends it again. */
  askedAgain(key: string): void {
    this.#absent.delete(key)
  }

  /**
   * 7. No unpublished level is ever shown. `volume` is at most what the opening volume and all published trades make. This is
   * not known while strangers trade: their trades, and those beside them, are published without a message.
   */
  shown(name: string, volume: number): void {
    if (this.#strangersTrade) return
    const { ledger, ledgerTrusted } = this.#cluster
    if (!ledgerTrusted || !ledger || ledger !== this.#ledger) return
    // A recovered ledger is published as a whole. When its stream breaks, a leader does not hear of the position that it asked for.
    const position = Math.max(this.#told(), this.#asked, ledger.head().publishedAtLeast)
    const { numbers, totals } = this.#volumesOf(name)
    const opening = OPENING_CATALOGUE.find((stock) => stock.name === name)?.volume ?? 0
    const published = opening + (totals[numbers.findLastIndex((number) => number < position)] ?? 0)
    if (volume > published) this.#violated(`7: ${name} is shown with a volume of ${volume}, ${published} are published`)
  }

  #beginAnew(ledger: Ledger | undefined): void {
    this.#ledger = ledger
    this.#length = 0
    this.#numberByKey = new Map()
    this.#quantities = new Map(OPENING_CATALOGUE.map(({ name, quantity }) => [name, quantity]))
    this.#volumes = new Map()
  }

  async #look(ledger: Ledger): Promise<void> {
    const [from, { length }] = [this.#length, ledger.head()]
    this.#length = length
    const entries = await entriesBetween(ledger, from, length)
    if (ledger !== this.#ledger) return
    for (const [i, entry] of entries.entries()) this.#lookAt(entry, from + i)
  }

  #lookAt({ number, key, name, type, quantity }: Entry, place: number): void {
    if (number !== place) this.#violated(`2: order ${number} is in place ${place} of the ledger`)
    const earlier = this.#numberByKey.get(key)
    if (earlier !== undefined) this.#violated(`2: the orders ${earlier} and ${number} have the key ${key}`)
    if (this.#isAbsent(key)) this.#violated(`5: order ${number} was said not to be placed (key ${key})`)
    this.#numberByKey.set(key, number)
    const left = (this.#quantities.get(name) ?? NaN) + (type === 'buy' ? -quantity : quantity)
    if (!(left >= 0 && left <= LIMITS.stockLevelMax)) this.#violated(`6: order ${number} leaves ${left} of ${name}`)
    this.#quantities.set(name, left)
    const { numbers, totals } = this.#volumesOf(name)
    numbers.push(number)
    totals.push((totals.at(-1) ?? 0) + quantity)
  }

  #volumesOf(name: string): Volumes {
    const known = this.#volumes.get(name)
    if (known) return known
    const none = { numbers: [], totals: [] }
    this.#volumes.set(name, none)
    return none
  }
}
