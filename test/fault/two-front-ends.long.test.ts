import { Agent } from 'node:http'
import { expect, test } from 'vitest'
import type { StatusData, StockData } from '../../src/http/types.ts'
import { startCluster } from '../cluster.ts'
import { ask, dataOf, order } from '../contract/conformance/http.ts'
import { checkEndState } from '../end-state.ts'
import { lateAnswers, load } from './load.ts'
import { eventually, HOPELESS_MS, inOneTry } from './process.ts'

const ROUNDS = 300

test('after a trade through one front end, another one never shows the older level', async () => {
  await using cluster = await startCluster({ frontEnds: 2 })
  const agent = new Agent({ keepAlive: true })
  const [here = '', there = ''] = cluster.frontEnds
  const levelAt = async (frontEnd: string) => dataOf<StockData>(await ask(frontEnd, '/stocks/apple', { agent })).quantity

  let sold = 0
  let trading = true
  const stale: string[] = []
  const readAllTheWhile = async (frontEnd: string) => {
    while (trading) {
      const expectedAtLeast = 1000 + sold
      const level = await levelAt(frontEnd)
      if (level < expectedAtLeast) stale.push(`${frontEnd} showed ${level} after ${expectedAtLeast} was acknowledged`)
    }
  }
  const readers = [here, there].map(readAllTheWhile)
  for (let round = 0; round < ROUNDS; round++) {
    const answer = await order(here, { name: 'apple', quantity: 1, type: 'sell' }, { agent })
    expect(answer.status).toBe(200)
    sold++
    const level = await levelAt(there)
    if (level !== 1000 + sold) stale.push(`round ${round}: ${level}, not ${1000 + sold}`)
  }
  trading = false
  await Promise.all(readers)
  expect(stale).toEqual([])
  for (const frontEnd of cluster.frontEnds) {
    const { cache } = dataOf<StatusData>(await ask(frontEnd, '/status', { agent })).frontEnd
    expect(cache.hits).toBeGreaterThan(0) // Otherwise nothing was tested.
  }
  agent.destroy()
  await checkEndState(cluster, [])
})

test('with caching off nothing is served from a cache', async () => {
  await using cluster = await startCluster({ caching: false })
  for (let n = 0; n < 5; n++) await ask(cluster.frontEnd, '/stocks/apple')
  const { cache, caching } = dataOf<StatusData>(await ask(cluster.frontEnd, '/status')).frontEnd
  expect({ caching, hits: cache.hits, stocks: cache.stocks }).toEqual({ caching: false, hits: 0, stocks: 0 })
})

test('two front ends that find the leader gone agree on the next one', () =>
  inOneTry(async () => {
    await using cluster = await startCluster({ frontEnds: 2 })
    const clients = cluster.frontEnds.map((frontEnd) => load({ frontEnd }, { clients: 3 }))
    await Promise.all(clients.map((one) => one.untilAcknowledged(50)))
    const leader = await cluster.leader()
    await cluster.restartedSince(leader, cluster.kill(leader))
    await Promise.all(clients.map((one) => one.untilAcknowledged(50)))
    const reports = await Promise.all(clients.map((one) => one.stop()))
    expect(reports.flatMap(({ wrong }) => wrong)).toEqual([])
    await checkEndState(
      cluster,
      reports.flatMap(({ acknowledged }) => acknowledged),
    )
    await eventually('they name one leader', HOPELESS_MS, async () => {
      const answers = await Promise.all(cluster.frontEnds.map((address) => ask(address, '/leader')))
      return (answers.every(({ status }) => status === 200) && new Set(answers.map(({ text }) => text)).size === 1) || undefined
    })
    return reports.flatMap(lateAnswers)
  }))
