import { afterEach, beforeEach, expect, test } from 'vitest'
import { LIMITS } from '../domain/limits.ts'
import { OPENING_CATALOGUE } from '../domain/stock.ts'
import { systemClock } from '../runtime/clock.ts'
import type { ServedStream } from '../wire/network.ts'
import type { CatalogueToFrontEnd, StockAnswer } from '../wire/messages.ts'
import { Publication } from './publication.ts'
import { ShownStocks } from './shown-stocks.ts'
import { StockLists } from './stock-lists.ts'

const { stocksPartMax } = LIMITS
beforeEach(() => Object.assign(LIMITS, { stocksPartMax: 4 }))
afterEach(() => Object.assign(LIMITS, { stocksPartMax }))

/** A front end that takes one part when it is told to. */
function asking() {
  const publication = new Publication(OPENING_CATALOGUE, 0, [])
  const answers: StockAnswer[] = []
  let take = (): void => {}
  const stream = {
    send: ({ answer }: CatalogueToFrontEnd) => void (answer && answers.push(answer)),
    drained: () => new Promise<void>((resolve) => (take = resolve)),
    close: () => {},
  } as ServedStream<CatalogueToFrontEnd>
  const lists = new StockLists(systemClock, stream)
  const shown = new ShownStocks(publication, { forCaches: true })
  const ask = (query: number) => lists.ask(query, shown)
  const takeOne = async (): Promise<void> => {
    take()
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
  }
  return { publication, answers, lists, ask, takeOne }
}

test('all parts are of one moment, and the next is made when the one before was taken', async () => {
  const { publication, answers, ask, takeOne } = asking()
  ask(1)
  expect(answers.map(({ stocks, more }) => [stocks.length, more])).toEqual([[4, true]])
  const last = OPENING_CATALOGUE.at(-1)!
  const entry = { number: 0, generation: 1, key: 'k', fingerprint: 'f', name: last.name, type: 'sell', quantity: 5, timeMs: 0 } as const
  publication.addDecided([entry])
  publication.publish(1)
  await takeOne()
  await takeOne()
  expect(answers.map(({ stocks, more, position }) => [stocks.length, more, position])).toEqual([
    [4, true, 0],
    [4, true, 0],
    [2, false, 0],
  ])
  const listed = answers.flatMap(({ stocks }) => stocks)
  expect(listed.map(({ name, quantity }) => [name, quantity])).toEqual(OPENING_CATALOGUE.map(({ name, quantity }) => [name, quantity]))
  expect(listed.some(({ cacheable }) => cacheable)).toBe(false)
})

test('lists come one after the other, too many are refused, and after the end none goes on', async () => {
  const { answers, lists, ask, takeOne } = asking()
  for (let query = 1; query <= LIMITS.readsPerCallerMax + 1; query += 1) ask(query)
  expect(answers.map(({ query, position }) => [query, position])).toEqual([
    [1, 0],
    [LIMITS.readsPerCallerMax + 1, -1],
  ])
  for (let part = 0; part < 3; part += 1) await takeOne()
  expect(answers.at(-1)?.query).toBe(2)
  lists.close()
  const before = answers.length
  for (let part = 0; part < 3; part += 1) await takeOne()
  expect(answers).toHaveLength(before)
})
