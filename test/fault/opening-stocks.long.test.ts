import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { StockData, StockListData } from '../../src/http/types.ts'
import { type Cluster, startCluster } from '../cluster.ts'
import { ask, dataOf } from '../contract/conformance/http.ts'
import { orderNumber, place } from '../contract/conformance/target.ts'
import { CliProcess, eventually, HOPELESS_MS } from './process.ts'

const STOCKS = 100_000
/** Returns a name of some forty bytes. All names together are nearly as long as a catalogue may have. */
const nameOf = (at: number) => `stock number ${at} of a long, long list`

let folder: string
let file: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'bazaar-stocks-'))
  file = join(folder, 'stocks.json')
  const stocks = Array.from({ length: STOCKS }, (_, at) => ({ name: nameOf(at), price: (100 + at) / 100, quantity: at }))
  writeFileSync(file, JSON.stringify(stocks))
})
afterAll(() => rmSync(folder, { recursive: true }))

const levelOf = async ({ frontEnd }: Cluster, at: number): Promise<StockData> =>
  dataOf<StockData>(await ask(frontEnd, `/stocks/${encodeURIComponent(nameOf(at))}`))

test('a history of 100,000 stocks from a file, which later starts do not need', async () => {
  await using cluster = await startCluster({ words: ['--stocks', file] })
  const { stocks } = await eventually('all stocks are listed', HOPELESS_MS, async () =>
    dataOf<StockListData>(await ask(cluster.frontEnd, '/stocks')),
  )
  expect(stocks.map(({ name }) => name)).toEqual(Array.from({ length: STOCKS }, (_, at) => nameOf(at)))
  expect(stocks[70_000]).toEqual({ name: nameOf(70_000), price: 701, quantity: 70_000, volume: 0 })
  const number = await place(cluster, nameOf(70_000), 'buy', 69_999)
  expect(await levelOf(cluster, 70_000)).toMatchObject({ quantity: 1 })

  const leader = await cluster.leader()
  await cluster.restartedSince(leader, cluster.kill(leader))
  await cluster.untilTrading()
  expect(await orderNumber(cluster, number)).toMatchObject({ name: nameOf(70_000), quantity: 69_999 })

  rmSync(file)
  await cluster.restart()
  expect(await levelOf(cluster, 70_000)).toMatchObject({ quantity: 1 })
  expect(await levelOf(cluster, STOCKS - 1)).toMatchObject({ price: 1000.99, quantity: STOCKS - 1 })
  await eventually(
    'the catalogue says that it ignores the file',
    HOPELESS_MS,
    () => readFileSync(join(cluster.dataDir, 'logs', 'catalogue.log'), 'utf8').includes('the file of stocks is ignored') || undefined,
  )
})

test('`up` refuses a file with a mistake before it starts a process', async () => {
  const wrong = join(folder, 'wrong.json')
  writeFileSync(wrong, JSON.stringify([{ name: 'a', price: 1.234, quantity: 1 }]))
  const up = new CliProcess(['up', '--data', join(folder, 'data'), '--stocks', wrong, '--port', '0', '--catalog-port', '0'])
  expect(await up.exited).toEqual({ code: 2, signal: null })
  expect(up.output).toContain('stock 1: price must be')
})
