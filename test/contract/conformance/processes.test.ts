import { once } from 'node:events'
import { createServer } from 'node:http'
import { describe, expect, test } from 'vitest'
import { checkEndState } from '../../end-state.ts'
import { bareSystem } from '../../fault/bare-system.ts'
import { eventually, HOPELESS_MS } from '../../fault/process.ts'
import { call, statusOf } from './grpc.ts'
import { ask } from './http.ts'
import { isForeign, leaderOf, levelOf, orderNumber, place, refusal } from './target.ts'

const STARTS_MAX = 5
const OPENING = ['apple', 'tesla', 'ford', 'amazon', 'nvidia', 'intel', 'meta', 'nike', 'amc', 'gamestop']

/** These tests start systems of their own, since they need fresh ones that nobody else uses. */
describe.skipIf(isForeign)('processes, started by the commands of the contract', () => {
  test('any start order works, and the first day opens with ten stocks of 1000 shares and no order', async () => {
    await using system = await bareSystem()
    for (const name of system.names.toReversed()) {
      system.start(name)
      await new Promise((resolve) => setTimeout(resolve, 300))
    }
    await system.untilTrading()

    for (const stockName of OPENING) {
      expect(await levelOf(system, stockName)).toBe(1000)
      expect((await call(system.catalogue, 'Catalog.Lookup', { stockName })).stockQuantity).toBe(1000)
    }
    expect(refusal(await ask(system.frontEnd, '/orders/0')).message).toBe('transaction not found')
    const answer = await call(await leaderOf(system), 'Order.Lookup', { orderNum: 0 })
    expect(answer).toEqual({ orderNum: -1, stockName: '', tradeType: '', stockTradeQuantity: -1 })

    expect(await place(system, 'tesla', 'buy', 10)).toBe(0)
    expect(await place(system, 'tesla', 'sell', 10)).toBe(1)
    expect(await orderNumber(system, 0)).toEqual({ number: 0, name: 'tesla', type: 'buy', quantity: 10 })
    await checkEndState(system, [])
  })

  test('when all replicas are there, the one with the highest id leads', async () => {
    await using system = await bareSystem()
    const replicas = system.replicas.map(({ id }) => `order-${id}`)
    const leaders: string[] = []
    // A front end waits only a moment for all replicas to answer. On a busy machine the test may need another start.
    for (let start = 0; start < STARTS_MAX && leaders.at(-1) !== system.replicas.at(-1)?.address; start++) {
      system.start('catalogue', ...replicas)
      for (const name of replicas)
        await eventually(`${name} listens`, HOPELESS_MS, () => system.output(name).includes('listens') || undefined)
      system.start('frontend')
      await system.untilTrading()
      leaders.push(await leaderOf(system))
      await system.end(...system.names)
    }
    expect(leaders.at(-1), leaders.join(', ')).toBe(system.replicas.at(-1)?.address)
  })

  test('replicas take orders from a front end that speaks only the single calls', async () => {
    await using system = await bareSystem()
    const [first, second, third] = system.replicas.map(({ address }) => address) as [string, string, string]
    system.start('catalogue', 'order-1', 'order-2', 'order-3')
    const buy = { stockName: 'apple', stockTradeQuantity: 5, tradeType: 'buy' }

    await eventually('a replica can be made the leader', HOPELESS_MS, async () => {
      const request = { followerOne: first, followerTwo: second }
      return (await call(third, 'Order.AssignFollowers', request)).resultFollowers === 1 || undefined
    })
    // This front end takes everything after "/cache/" for the name, and knows no header.
    const cached = new Set(['apple', 'tesla'])
    await using frontEnd = createServer(({ url = '' }, response) => {
      cached.delete(decodeURIComponent(url.replace('/cache/', '')))
      response.end('{}')
    })
    frontEnd.listen(Number(system.frontEnd.split(':')[1]), '127.0.0.1')
    await once(frontEnd, 'listening')
    expect(await eventually('an order is taken', HOPELESS_MS, () => numberOf(third, buy))).toBe(0)
    await expect.poll(() => [...cached]).toEqual(['tesla'])
    expect(await statusOf(call(first, 'Order.Request', buy))).toBe('FAILED_PRECONDITION')
    for (const address of [first, second]) {
      const stored = await eventually('the follower shows it', HOPELESS_MS, async () => {
        const answer = await call(address, 'Order.Lookup', { orderNum: 0 })
        return answer.orderNum === 0 ? answer : undefined
      })
      expect(stored).toEqual({ orderNum: 0, ...buy })
    }

    await system.kill('order-3') // The foreign front end appoints the next leader, with the only follower that is left.
    await call(second, 'Order.AssignFollowers', { followerOne: first, followerTwo: '' })
    expect(await eventually('the next leader takes orders', HOPELESS_MS, () => numberOf(second, buy))).toBe(1)
    expect((await call(system.catalogue, 'Catalog.Lookup', { stockName: 'apple' })).stockQuantity).toBe(990)
  })

  test('a follower that is made the leader takes over, and the front end comes to agree', async () => {
    await using system = await bareSystem()
    system.start(...system.names)
    await system.untilTrading()
    const before = await leaderOf(system)
    const next = system.replicas.find(({ address }) => address !== before)?.address ?? ''
    const [followerOne = '', followerTwo = ''] = system.replicas.map(({ address }) => address).filter((a) => a !== next)
    const { resultFollowers } = await call(next, 'Order.AssignFollowers', { followerOne, followerTwo })
    expect(resultFollowers).toBe(1)
    for (let n = 0; n < 20; n++) expect(await place(system, 'ford', 'sell', 1)).toBe(n)
    await checkEndState(system, [])
  })

  const numberOf = async (address: string, request: { stockName: string; stockTradeQuantity: number; tradeType: string }) =>
    (await call(address, 'Order.Request', request)).transactionNum
})
