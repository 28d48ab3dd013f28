import { LIMITS } from '../domain/limits.ts'
import {
  isOrderQuantity,
  isTradeType,
  type Decision,
  type Entry,
  type OrderRequest,
  type Outcome,
  type RecordedDecision,
} from '../domain/order.ts'
import { traded, type Stock } from '../domain/stock.ts'
import type { DecisionView, DecisionWrites, RecordedRejection } from '../storage/ledger.ts'

/**
 * Decides a batch of requests in order. Each sees the results of the ones before it. Pure: the same view and requests give
 * the same writes.
 *
 * D1. One key, one outcome: a key on record (from an earlier batch or earlier in this one) gets the recorded outcome.
 * D2. Numbers are dense: accepted orders get the next ones, rejections get none.
 * D3. Levels stay within 0..2^53-1 after every entry.
 * D4. The checks come in the contract's order: stock, type, quantity, availability.
 */
export function decide(view: DecisionView, requests: readonly OrderRequest[]): DecisionWrites {
  const outcomes: Outcome[] = []
  const entries: Entry[] = []
  const rejections: RecordedRejection[] = []
  const touched = new Map<string, Stock>()
  const decidedHere = new Map<string, RecordedDecision>()

  for (const request of requests) {
    const recorded = decidedHere.get(request.key) ?? view.recorded(request.key) // D1
    if (recorded) {
      outcomes.push(replay(recorded, request))
      continue
    }
    const length = view.length + entries.length // D2
    const stock = touched.get(request.name) ?? view.stock(request.name)
    const verdict = judge(stock, request, length)
    const record = { fingerprint: request.fingerprint, decision: verdict.decision }
    decidedHere.set(request.key, record)
    outcomes.push({ ...verdict.decision, replayed: false })
    if (verdict.kind === 'accepted') {
      touched.set(request.name, verdict.stock)
      entries.push({ ...verdict.order, generation: view.generation, timeMs: view.timeMs })
    } else {
      rejections.push({ key: request.key, ...record })
    }
  }
  return { outcomes, entries, rejections, stocks: [...touched.values()] }
}

/** The outcome of a request whose key is on record (D1). */
export function replay(recorded: RecordedDecision, { fingerprint }: Pick<OrderRequest, 'fingerprint'>): Outcome {
  return recorded.fingerprint === fingerprint ? { ...recorded.decision, replayed: true } : { kind: 'key-reused' }
}

type Verdict =
  | { kind: 'accepted'; decision: Decision; stock: Stock; order: Omit<Entry, 'generation' | 'timeMs'> }
  | { kind: 'rejected'; decision: Decision }

function judge(stock: Stock | undefined, request: OrderRequest, length: number): Verdict {
  const reject = (reason: (Decision & { kind: 'rejected' })['reason']): Verdict => ({
    kind: 'rejected',
    decision: { kind: 'rejected', reason, position: length },
  })
  const { key, fingerprint, name, type, quantity } = request
  if (!stock) return reject('stock-not-found') // D4
  if (!isTradeType(type)) return reject('invalid-type')
  if (!isOrderQuantity(quantity)) return reject('invalid-quantity')
  const left = traded(stock, { type, quantity })
  if (left.quantity < 0) return reject('not-enough') // D3
  if (left.quantity > LIMITS.stockLevelMax || left.volume > LIMITS.stockLevelMax) return reject('level-limit')
  return {
    kind: 'accepted',
    decision: { kind: 'accepted', number: length },
    stock: left,
    order: { number: length, key, fingerprint, name, type, quantity },
  }
}
