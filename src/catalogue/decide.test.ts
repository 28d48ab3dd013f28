import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LIMITS } from '../domain/limits.ts'
import type { OrderRequest, Outcome, RecordedDecision } from '../domain/order.ts'
import type { Stock } from '../domain/stock.ts'
import type { DecisionView, DecisionWrites } from '../storage/ledger.ts'
import { decide } from './decide.ts'

const TESLA: Stock = { name: 'tesla', priceCents: 18326, quantity: 1000, volume: 100 }

interface World {
  readonly stocks: readonly Stock[]
  readonly recorded?: Readonly<Record<string, RecordedDecision>>
  readonly length?: number
}

const viewOf = ({ stocks, recorded = {}, length = 0 }: World): DecisionView => ({
  length,
  generation: 4,
  timeMs: 1_700,
  stock: (name) => stocks.find((stock) => stock.name === name),
  recorded: (key) => recorded[key],
})

const request = (changes: Partial<OrderRequest> = {}): OrderRequest => ({
  key: 'c:1',
  fingerprint: 'print',
  name: 'tesla',
  type: 'buy',
  quantity: 10,
  ...changes,
})

const decideOne = (asked: OrderRequest, world: World = { stocks: [TESLA] }): Outcome | undefined =>
  decide(viewOf(world), [asked]).outcomes[0]

const reasonFor = (changes: Partial<OrderRequest>, stock = TESLA): string | undefined => {
  const outcome = decideOne(request(changes), { stocks: [stock] })
  return outcome?.kind === 'rejected' ? outcome.reason : outcome?.kind
}

describe('decide', () => {
  it('a buy takes shares, a sell adds them, both add to the volume', () => {
    const asked = [request({ key: 'c:1', quantity: 300 }), request({ key: 'c:2', type: 'sell', quantity: 50 })]
    const writes = decide(viewOf({ stocks: [TESLA], length: 7 }), asked)
    expect(writes.stocks).toEqual([{ ...TESLA, quantity: 750, volume: 450 }])
    expect(writes.entries).toEqual([
      { ...asked[0], number: 7, generation: 4, timeMs: 1_700 },
      { ...asked[1], number: 8, generation: 4, timeMs: 1_700 },
    ])
    expect(writes.rejections).toEqual([])
  })

  it('writes nothing when nothing is asked', () => {
    expect(decide(viewOf({ stocks: [TESLA] }), [])).toEqual({ outcomes: [], entries: [], rejections: [], stocks: [] })
  })

  it('D2: a rejection is recorded with the length it was decided at, and uses no number', () => {
    const asked = [request(), request({ key: 'c:2', quantity: 5_000 }), request({ key: 'c:3' })]
    const writes = decide(viewOf({ stocks: [TESLA] }), asked)
    const decision = { kind: 'rejected', reason: 'not-enough', position: 1 } as const
    expect(writes.outcomes[1]).toEqual({ ...decision, replayed: false })
    expect(writes.rejections).toEqual([{ key: 'c:2', fingerprint: 'print', decision }])
    expect(writes.outcomes[2]).toEqual({ kind: 'accepted', number: 1, replayed: false })
  })

  it('D1: a key on record gets what is recorded, whatever would be decided today', () => {
    const decision = { kind: 'rejected', reason: 'not-enough', position: 3 } as const
    const world = { stocks: [TESLA], recorded: { 'c:1': { fingerprint: 'print', decision } } }
    expect(decideOne(request(), world)).toEqual({ ...decision, replayed: true })
    expect(decideOne(request({ fingerprint: 'other' }), world)).toEqual({ kind: 'key-reused' })
  })

  it('D1: a key that comes twice in one batch is decided once', () => {
    const asked = [request(), request(), request({ fingerprint: 'other' }), request({ key: 'c:2', quantity: 0 })]
    const writes = decide(viewOf({ stocks: [TESLA] }), [...asked, request({ key: 'c:2', quantity: 0 })])
    expect(writes.entries).toHaveLength(1)
    expect(writes.rejections).toHaveLength(1)
    expect(writes.outcomes.slice(1)).toEqual([
      { kind: 'accepted', number: 0, replayed: true },
      { kind: 'key-reused' },
      { kind: 'rejected', reason: 'invalid-quantity', position: 1, replayed: false },
      { kind: 'rejected', reason: 'invalid-quantity', position: 1, replayed: true },
    ])
  })

  it.each([
    ['stock-not-found', { name: 'nobody', type: 'gift', quantity: 0 }],
    ['invalid-type', { type: 'gift', quantity: 0 }],
    ['invalid-quantity', { quantity: 0 }],
    ['invalid-quantity', { quantity: -1 }],
    ['invalid-quantity', { quantity: 1.5 }],
    ['invalid-quantity', { quantity: Number.NaN }],
    ['invalid-quantity', { quantity: LIMITS.orderQuantityMax + 1 }],
    ['not-enough', { quantity: LIMITS.orderQuantityMax }],
    ['not-enough', { quantity: 1001 }],
    ['accepted', { quantity: 1000 }],
    ['accepted', { type: 'sell', quantity: LIMITS.orderQuantityMax }],
    ['stock-not-found', { name: 'Tesla' }],
    ['invalid-type', { type: 'BUY' }],
  ])('D4: %s for %j', (expected, changes) => {
    expect(reasonFor(changes)).toBe(expected)
  })

  it('D3: neither a level nor a volume passes 2^53-1', () => {
    const full = { ...TESLA, quantity: LIMITS.stockLevelMax }
    const busy = { ...TESLA, volume: LIMITS.stockLevelMax - 10 }
    expect(reasonFor({ type: 'sell', quantity: 1 }, full)).toBe('level-limit')
    expect(reasonFor({ type: 'buy', quantity: 1 }, full)).toBe('accepted')
    expect(reasonFor({ quantity: 10 }, busy)).toBe('accepted')
    expect(reasonFor({ quantity: 11 }, busy)).toBe('level-limit')
  })
})

const stockNames = fc.constantFrom('tesla', 'ford', 'nobody')
const requestsArbitrary = fc.array(
  fc.record({
    key: fc.integer({ min: 0, max: 12 }).map((n) => `c:${n}`),
    fingerprint: fc.constantFrom('print', 'print', 'print', 'other'),
    name: stockNames,
    type: fc.constantFrom('buy', 'buy', 'sell', 'gift'),
    quantity: fc.oneof(fc.integer({ min: -2, max: 80 }), fc.constantFrom(0.5, LIMITS.orderQuantityMax + 1)),
  }),
  { maxLength: 40 },
)
const stocksArbitrary = fc.tuple(fc.integer({ min: 0, max: 100 }), fc.integer({ min: 0, max: 60 })).map(([tesla, missing]): Stock[] => [
  { name: 'tesla', priceCents: 1, quantity: tesla, volume: 0 },
  { name: 'ford', priceCents: 1, quantity: LIMITS.stockLevelMax - missing, volume: 0 },
])

/** Decides batch after batch on what the ones before it wrote. */
function play(stocks: readonly Stock[], batches: readonly (readonly OrderRequest[])[]): DecisionWrites[] {
  const levels = new Map(stocks.map((stock) => [stock.name, stock]))
  const recorded: Record<string, RecordedDecision> = {}
  let length = 0
  return batches.map((batch) => {
    const writes = decide(viewOf({ stocks: [...levels.values()], recorded, length }), batch)
    length += writes.entries.length
    for (const stock of writes.stocks) levels.set(stock.name, stock)
    for (const { key, ...record } of writes.rejections) recorded[key] = record
    for (const { key, fingerprint, number } of writes.entries) {
      recorded[key] = { fingerprint, decision: { kind: 'accepted', number } }
    }
    return writes
  })
}

/** The verdict on a first request, in the contract's words and order. */
function expectedVerdict(asked: OrderRequest, level: number | undefined): string {
  if (level === undefined) return 'stock-not-found'
  if (asked.type !== 'buy' && asked.type !== 'sell') return 'invalid-type'
  const isQuantity = Number.isInteger(asked.quantity) && asked.quantity >= 1 && asked.quantity <= 2_147_483_647
  if (!isQuantity) return 'invalid-quantity'
  if (asked.type === 'buy') return asked.quantity > level ? 'not-enough' : 'accepted'
  return BigInt(level) + BigInt(asked.quantity) > 9_007_199_254_740_991n ? 'level-limit' : 'accepted'
}

describe('decide, for any history', () => {
  it('numbers are dense, levels stay in range, one key has one outcome, checks come in order', () => {
    fc.assert(
      fc.property(stocksArbitrary, fc.array(requestsArbitrary, { maxLength: 5 }), (stocks, batches) => {
        const all = play(stocks, batches)
        const levels = new Map(stocks.map((stock) => [stock.name, stock.quantity]))
        const first = new Map<string, { outcome: Outcome; fingerprint: string }>()
        let length = 0
        const outcomes = all.flatMap((writes) => writes.outcomes)
        const entries = all.flatMap((writes) => writes.entries)
        batches.flat().forEach((asked, index) => {
          const outcome = outcomes[index]
          if (!outcome) throw new Error('an outcome is missing')
          const known = first.get(asked.key)
          if (known) {
            const same = known.fingerprint === asked.fingerprint
            expect(outcome).toEqual(same ? { ...known.outcome, replayed: true } : { kind: 'key-reused' })
            return
          }
          first.set(asked.key, { outcome, fingerprint: asked.fingerprint })
          const level = levels.get(asked.name)
          const verdict = outcome.kind === 'rejected' ? outcome.reason : outcome.kind
          expect(verdict).toBe(expectedVerdict(asked, level))
          if (outcome.kind === 'rejected') expect(outcome.position).toBe(length)
          if (outcome.kind !== 'accepted' || level === undefined) return
          expect(outcome.number).toBe(length)
          expect(entries[length]).toEqual({ ...asked, number: length, generation: 4, timeMs: 1_700 })
          length += 1
          const after = asked.type === 'buy' ? level - asked.quantity : level + asked.quantity
          expect(after).toBeGreaterThanOrEqual(0)
          expect(after).toBeLessThanOrEqual(LIMITS.stockLevelMax)
          levels.set(asked.name, after)
        })
        expect(entries).toHaveLength(length)
        const touched = new Map(all.flatMap((writes) => writes.stocks).map((stock) => [stock.name, stock.quantity]))
        for (const [name, quantity] of touched) expect(quantity).toBe(levels.get(name))
      }),
    )
  })

  it('one batch decides like many small ones', () => {
    fc.assert(
      fc.property(stocksArbitrary, requestsArbitrary, (stocks, asked) => {
        const whole = play(stocks, [asked])
        const apart = play(
          stocks,
          asked.map((one) => [one]),
        )
        expect(apart.flatMap((writes) => writes.outcomes)).toEqual(whole.flatMap((writes) => writes.outcomes))
        expect(apart.flatMap((writes) => writes.entries)).toEqual(whole.flatMap((writes) => writes.entries))
        expect(apart.flatMap((writes) => writes.rejections)).toEqual(whole.flatMap((writes) => writes.rejections))
      }),
    )
  })
})
