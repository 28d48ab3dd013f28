import { LIMITS } from '../domain/limits.ts'
import type { Entry } from '../domain/order.ts'
import { sleep, within } from '../runtime/clock.ts'
import type { Asker } from '../runtime/gate.ts'
import { RpcError, type RpcCode } from '../wire/rpc-error.ts'
import type { Runtime } from '../wire/runtime.ts'
import { SharedAnswer } from '../runtime/shared-answer.ts'
import { fromWireEntries } from '../wire/entries.ts'
import type {
  LookupOrderNumResult,
  PropagateOrderNum,
  Published,
  RequestStockName,
  SynchronizeTransNum,
  TransNumInfo,
} from '../wire/messages.ts'
import { NOT_LEADER, OVERLOADED, UNKNOWN } from '../wire/outcome-codes.ts'
import { foreignRequest } from '../wire/order-requests.ts'
import type { Copy } from './copy.ts'
import type { Settlement } from './pending-order.ts'
import type { Role } from './role.ts'

/** How long a caller waits for an outcome. In this time an unknown one is asked for again. */
const SINGLE_ORDER_MS = 4_000
const UNKNOWN_RETRY_MS = 50
const CATALOGUE_CALL_MS = 2_000

const NO_ANSWER: Settlement = { number: UNKNOWN, replayed: false }

/** The contract's single-item calls, for front ends, replicas and clients of another make. */
export class SingleCalls {
  readonly #runtime: Runtime
  readonly #catalogueAddress: string
  readonly #copy: Copy
  readonly #role: Pick<Role, 'leader' | 'published'>
  /** The catalogue's published length. All who ask at the same time share one question. */
  readonly #confirmed: SharedAnswer<Published>

  constructor(runtime: Runtime, catalogueAddress: string, copy: Copy, role: Pick<Role, 'leader' | 'published'>) {
    this.#runtime = runtime
    this.#catalogueAddress = catalogueAddress
    this.#copy = copy
    this.#role = role
    this.#confirmed = new SharedAnswer(() => runtime.network.call(catalogueAddress, 'Catalog.Confirm', {}, CATALOGUE_CALL_MS))
  }

  async request(call: RequestStockName): Promise<{ transactionNum: number }> {
    const { stockName: name, stockTradeQuantity: quantity, tradeType: type, key } = call
    const request = foreignRequest({ name, quantity, type, key }, this.#runtime.random)
    const until = this.#runtime.clock.monotonicMs() + SINGLE_ORDER_MS
    let mayBePlaced = false
    for (;;) {
      const leader = this.#role.leader
      if (!leader) throw notDone(mayBePlaced, 'FAILED_PRECONDITION', 'this replica does not lead')
      const placed = new Promise<Settlement>((settle) => leader.place([{ request, settle }]))
      const leftMs = Math.max(0, until - this.#runtime.clock.monotonicMs())
      const { number } = await within(this.#runtime.clock, leftMs, placed, NO_ANSWER)
      if (number === OVERLOADED) throw notDone(mayBePlaced, 'RESOURCE_EXHAUSTED', 'too many orders are waiting; not placed')
      if (number !== UNKNOWN && number !== NOT_LEADER) return { transactionNum: number }
      if (number === UNKNOWN) mayBePlaced = true
      if (this.#runtime.clock.monotonicMs() > until) {
        throw notDone(mayBePlaced, 'FAILED_PRECONDITION', 'this replica does not lead')
      }
      await sleep(this.#runtime.clock, UNKNOWN_RETRY_MS)
    }
  }

  /** Any replica answers. Like a leader, it asks the catalogue about an order that it does not know to be published. */
  async lookup(number: number): Promise<LookupOrderNumResult> {
    const found = number >= 0 ? await this.#findAnywhere(number) : undefined
    if (!found) return { orderNum: -1, stockName: '', tradeType: '', stockTradeQuantity: -1 }
    const { name, type, quantity } = found
    return { orderNum: number, stockName: name, tradeType: type, stockTradeQuantity: quantity }
  }

  async #findAnywhere(number: number): Promise<Entry | undefined> {
    if (number < this.#role.published) {
      const entry = await this.#copy.log.entry(number)
      if (entry) return entry
    }
    const { position } = await this.#confirmed.get()
    if (number >= position) return undefined
    await this.#catchUpTo(number + 1)
    if (await this.#isLedgers(number + 1)) return this.#copy.log.entry(number)
    throw new RpcError('UNAVAILABLE', 'this replica has not caught up yet')
  }

  /** Takes an offered order as a hint to ask the catalogue: nothing enters the log that was not decided there. */
  async propagated({ orderNum, stockName, tradeType, stockTradeQuantity }: PropagateOrderNum): Promise<{ resultPropagate: number }> {
    if (orderNum < 0 || orderNum >= LIMITS.logLengthMax) return { resultPropagate: 0 }
    await this.#catchUpTo(orderNum + 1)
    if (!(await this.#isLedgers(orderNum + 1))) return { resultPropagate: 0 }
    const entry = await this.#copy.log.entry(orderNum)
    const same = entry?.name === stockName && entry.type === tradeType && entry.quantity === stockTradeQuantity
    return { resultPropagate: same ? 1 : 0 }
  }

  /** Says whether the ledger begins with the first `length` entries of this log. A tail may have been given up in its absence. */
  async #isLedgers(length: number): Promise<boolean> {
    const request = { from: length, limit: 0 }
    const { digest } = await this.#runtime.network.call(this.#catalogueAddress, 'Catalog.Read', request, CATALOGUE_CALL_MS)
    return digest === (await this.#copy.log.digestAt(length))
  }

  /** Takes in all that the catalogue has decided. */
  async catchUp(): Promise<void> {
    const { network } = this.#runtime
    const { length } = await network.call(this.#catalogueAddress, 'Catalog.Read', { from: 0, limit: 0 }, CATALOGUE_CALL_MS)
    await this.#catchUpTo(length)
  }

  async #catchUpTo(length: number): Promise<void> {
    while (this.#copy.head().length < length) {
      const from = this.#copy.head().length
      const { entries, digest, generation } = await this.#runtime.network.call(
        this.#catalogueAddress,
        'Catalog.Read',
        { from, limit: LIMITS.catchUpBatchMax },
        CATALOGUE_CALL_MS,
      )
      if (entries.length === 0) return
      if (from === 0) await this.#adopt()
      const extension = await this.#copy.extend(generation, from, fromWireEntries(entries), digest)
      if (extension.kind !== 'held') return
    }
  }

  /** An empty log may know no history, or one that never began. Its catalogue says which one it is. */
  async #adopt(): Promise<void> {
    const { network } = this.#runtime
    const { generation, genesis } = await network.call(this.#catalogueAddress, 'Catalog.Origin', {}, CATALOGUE_CALL_MS)
    if (genesis) await this.#copy.seal(generation, genesis)
  }

  async *synchronize({ orderNum, synchronizedAdd, overReplicate }: SynchronizeTransNum, asker: Asker): AsyncIterable<TransNumInfo> {
    const leader = this.#role.leader
    if (synchronizedAdd !== '' && !leader) throw new RpcError('FAILED_PRECONDITION', 'this replica does not lead')
    if (overReplicate) return leader?.addFollower(synchronizedAdd)
    leader?.holdBack(synchronizedAdd)
    const end = this.#role.published
    for (let from = orderNum + 1; from < end && !asker.isGone; ) {
      const begunAt = this.#runtime.clock.monotonicMs()
      const entries = await this.#copy.log.entries(from, Math.min(LIMITS.entriesPieceMax, end - from))
      const workedMs = this.#runtime.clock.monotonicMs() - begunAt
      if (entries.length === 0) return
      for (const { number, name, type, quantity } of entries) {
        yield { orderNum: number, stockName: name, tradeType: type, stockTradeQuantity: quantity }
      }
      from += entries.length
      await this.#copy.pace.rest(workedMs, entries.length)
    }
    // It is added at the end: nobody is offered an order by one call while another one still brings those before.
    if (synchronizedAdd === '' || asker.isGone) return
    if (this.#role.leader !== leader) throw new RpcError('FAILED_PRECONDITION', 'this replica leads no more')
    leader?.addFollower(synchronizedAdd, end)
  }
}

/** Why an order was not answered. One that was tried without an answer may have been placed, whatever is said later. */
const notDone = (mayBePlaced: boolean, code: RpcCode, why: string): RpcError =>
  mayBePlaced ? new RpcError('UNAVAILABLE', 'the outcome is not known; the order may have been placed') : new RpcError(code, why)
