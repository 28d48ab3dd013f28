import { loadSync } from '@grpc/proto-loader'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import type { OrderListData, PlacedData, StockData, StatusData } from '../../src/http/types.ts'
import { PROTO_FILE } from '../../src/rpc/definitions.ts'
import { call, callUnary, definitionOf } from '../contract/conformance/grpc.ts'
import { ask, dataOf, order, type HttpAnswer } from '../contract/conformance/http.ts'
import { leaderOf } from '../contract/conformance/target.ts'
import { checkEndState } from '../end-state.ts'
import { bareSystem, type BareSystem } from './bare-system.ts'
import { lateAnswers, load } from './load.ts'
import { EXAMPLE, followsThroughKills, leadsAlone, timesSaid } from './other-program-suite.ts'
import { otherReplica, type OrderAnswers } from './other-replica.ts'
import { eventually, HOPELESS_MS, inOneTry } from './process.ts'

const OURS = ['order-1', 'order-2']
const NEVER = new Promise<never>(() => {})
const NONE = { orderNum: -1, stockName: '', tradeType: '', stockTradeQuantity: -1 }
const BUY = { name: 'tesla', type: 'buy', quantity: 3 }

/** Makes a leader that trades at the catalogue, counts the calls, and holds nothing. `number` returns its answers. */
function trader(system: BareSystem, number: (placed: number) => number | Promise<number>) {
  const counted = { requests: 0 }
  const answers: OrderAnswers = {
    'Order.Lookup': () => NONE,
    'Order.AssignFollowers': () => ({ resultFollowers: 1 }),
    'Order.Request': async (request) => {
      const placed = counted.requests
      counted.requests += 1
      const { resultTrade } = await call(system.catalogue, 'Catalog.Trade', request)
      return { transactionNum: resultTrade === 1 ? await number(placed) : resultTrade }
    },
  }
  return { answers, counted }
}

const numberIn = (answer: HttpAnswer) => dataOf<PlacedData>(answer).transaction_number
const messageIn = ({ body }: HttpAnswer) => (body as { error?: { message?: string } }).error?.message
const keyed = (key: string) => ({ headers: { 'idempotency-key': key } })
const logOf = async ({ frontEnd }: BareSystem) => dataOf<OrderListData>(await ask(frontEnd, '/orders?limit=1000')).orders

/** Starts two replicas of ours, and a program of another make with the highest id. It leads once ours were killed. */
async function ledBy(system: BareSystem, answers: OrderAnswers): Promise<AsyncDisposable> {
  const [, , third] = system.replicas
  const running = await otherReplica(third!.address, answers)
  system.start('catalogue', ...OURS, 'frontend')
  await system.untilTrading()
  return running
}

async function killOurs(system: BareSystem): Promise<void> {
  await system.kill(...OURS)
  await eventually(
    'the other program leads',
    HOPELESS_MS,
    async () => (await leaderOf(system)) === system.replicas[2]!.address || undefined,
  )
}

async function startOurs(system: BareSystem): Promise<void> {
  system.start(...OURS)
  await eventually('one of ours leads', HOPELESS_MS, async () => (await leaderOf(system)) !== system.replicas[2]!.address || undefined)
  await system.untilTrading()
}

describe('orders that a leader of another make places', () => {
  test('have the number that the catalogue gave them, however that program counts; lookups show them at once', async () => {
    await using system = await bareSystem()
    const { answers } = trader(system, () => 7_777)
    await using _other = await ledBy(system, answers)
    await order(system.frontEnd, BUY)
    await killOurs(system)
    const level = async () => dataOf<StockData>(await ask(system.frontEnd, '/stocks/tesla')).quantity
    for (let n = 1; n < 6; n++) {
      expect(await level()).toBe(1000 - 3 * n) // The level is cached, so the next trade has to drop it.
      expect(numberIn(await order(system.frontEnd, BUY))).toBe(n)
      expect(dataOf(await ask(system.frontEnd, `/orders/${n}`))).toEqual({ number: n, ...BUY })
    }
    expect((await ask(system.frontEnd, '/orders/6')).status).toBe(404)
    expect((await order(system.frontEnd, { ...BUY, quantity: 5_000 })).status).toBe(400)
    expect((await order(system.frontEnd, { ...BUY, name: 'none' })).status).toBe(404)
    expect(await logOf(system)).toHaveLength(6)
    await startOurs(system)
    await checkEndState(system, [])
  })

  test('without a sure answer: the client hears so, and the order is never sent again under its key', async () => {
    await using system = await bareSystem()
    const { answers, counted } = trader(system, () => NEVER)
    await using _other = await ledBy(system, answers)
    await killOurs(system)
    const first = await order(system.frontEnd, BUY, keyed('once'))
    expect(first.status).toBe(503)
    expect(messageIn(first)).toContain('may have been placed')
    expect(await logOf(system)).toHaveLength(1)
    expect(messageIn(await order(system.frontEnd, BUY, keyed('once')))).toBe(messageIn(first))
    expect((await order(system.frontEnd, { ...BUY, quantity: 4 }, keyed('once'))).status).toBe(422)
    await startOurs(system)
    expect(messageIn(await order(system.frontEnd, BUY, keyed('once')))).toBe(messageIn(first))
    expect(counted.requests).toBe(1)
    expect(await logOf(system)).toHaveLength(1)
  })

  test('that it wrongly says to have placed are unknown', async () => {
    await using system = await bareSystem()
    const { answers } = trader(system, () => 0)
    answers['Order.Request'] = () => ({ transactionNum: 0 })
    await using _other = await ledBy(system, answers)
    await killOurs(system)
    expect(messageIn(await order(system.frontEnd, BUY))).toContain('may have been placed')
    expect(await logOf(system)).toEqual([])
  })

  test('one key, one outcome: what one of ours has placed comes back with its number, what it has placed, too', async () => {
    await using system = await bareSystem()
    const { answers, counted } = trader(system, (placed) => placed + 1)
    await using _other = await ledBy(system, answers)
    expect(numberIn(await order(system.frontEnd, BUY, keyed('ours')))).toBe(0)
    expect((await order(system.frontEnd, { ...BUY, name: 'none' }, keyed('refused'))).status).toBe(404)
    await killOurs(system)
    const replayed = await order(system.frontEnd, BUY, keyed('ours'))
    expect([numberIn(replayed), replayed.headers['idempotency-replayed']]).toEqual([0, 'true'])
    expect((await order(system.frontEnd, { ...BUY, name: 'none' }, keyed('refused'))).status).toBe(404)
    expect(numberIn(await order(system.frontEnd, BUY, keyed('theirs')))).toBe(1)
    expect(numberIn(await order(system.frontEnd, BUY, keyed('theirs')))).toBe(1)
    expect(counted.requests).toBe(1)
    await startOurs(system)
    const again = await order(system.frontEnd, BUY, keyed('theirs'))
    expect([numberIn(again), again.headers['idempotency-replayed']]).toEqual([1, 'true'])
    expect(await logOf(system)).toHaveLength(2)
  })
})

const FOLLOWERS: readonly (readonly [string, OrderAnswers])[] = [
  [
    'answers nothing',
    { 'Order.Lookup': () => NEVER, 'Order.Propagate': () => NEVER, 'Order.AssignFollowers': () => NEVER, 'Order.Request': () => NEVER },
  ],
  [
    'answers nonsense',
    {
      'Order.Lookup': ({ orderNum }) => ({
        orderNum: orderNum + 1,
        stockName: 'x'.repeat(100),
        tradeType: '',
        stockTradeQuantity: -2_147_483_648,
      }),
      'Order.Propagate': ({ orderNum }) => ({ resultPropagate: orderNum % 3 }),
      'Order.AssignFollowers': () => ({ resultFollowers: 0 }),
    },
  ],
  [
    'fails at everything',
    Object.fromEntries(
      ['Lookup', 'Propagate', 'AssignFollowers', 'Request'].map((name) => [`Order.${name}`, () => Promise.reject(new Error('no'))]),
    ),
  ],
  ['knows no call at all', {}],
]

const isOffered = async ({ frontEnd }: BareSystem) => (await ask(frontEnd, '/leader')).status === 200

test.each(FOLLOWERS)('a follower that %s delays no order, and is not elected', (_what, answers) =>
  inOneTry(async () => {
    await using system = await bareSystem()
    await using _other = await ledBy(system, answers)
    const clients = load(system)
    await clients.untilAcknowledged(100)
    const report = await clients.stop()
    expect(report.wrong).toEqual([])
    await eventually('the one of ours that follows is in-sync, and alone so', HOPELESS_MS, async () => {
      const { replicas } = dataOf<StatusData>(await ask(system.frontEnd, '/status'))
      const views = replicas.flatMap((replica) => (replica.reachable ? replica.followers : []))
      return views.filter(({ state }) => state === 'in-sync').length === 1 || undefined
    })
    await system.kill(...OURS)
    await eventually('nobody leads', HOPELESS_MS, async () => !(await isOffered(system)) || undefined)
    await sleep(3_000) // Longer than a leader waits for another program.
    expect(await isOffered(system)).toBe(false)
    expect(messageIn(await order(system.frontEnd, BUY))).toContain('was not placed')
    await startOurs(system)
    const log = await logOf(system)
    for (const placed of report.acknowledged) expect(log[placed.number]).toEqual(placed)
    return lateAnswers(report)
  }),
)

describe('the example program', () => {
  test.each(['order-3', 'order-1'])(
    'as %s follows, and holds all orders in order, through kills of our leaders and of itself',
    followsThroughKills,
  )
  test('with the lowest id is elected when it is the only one left, trades, and gives way to ours', () => leadsAlone('order-1'))
})

/** Makes a call that the contract does not have. */
const callOurs = <R>(address: string, method: string) =>
  callUnary<R>(address, definitionOf(loadSync(PROTO_FILE, { keepCase: true, longs: Number }), method), {})

test('our replicas follow a leader of another make, under a front end of another make, and come back to it', async () => {
  await using system = await bareSystem({ 'order-3': EXAMPLE })
  const [first, second, third] = system.replicas.map(({ address }) => address) as [string, string, string]
  await using frontEnd = createServer((_request, response) => response.end(JSON.stringify({ data: { leader: third } })))
  frontEnd.listen(Number(system.frontEnd.split(':')[1]), '127.0.0.1')
  await once(frontEnd, 'listening')
  system.startWith('catalogue', '--replica-addresses', `${first},${second}`)
  system.start('order-1', 'order-2', 'order-3')
  await eventually('it leads', HOPELESS_MS, async () => {
    const { resultFollowers } = await call(third, 'Order.AssignFollowers', { followerOne: first, followerTwo: second })
    return resultFollowers === 1 || undefined
  })
  const buy = { stockName: 'ford', stockTradeQuantity: 2, tradeType: 'buy' }
  const place = async () => (await call(third, 'Order.Request', buy)).transactionNum
  const untilShown = (address: string, orderNum: number) =>
    eventually(`${address} shows order ${orderNum}`, HOPELESS_MS, async () => {
      const found = await call(address, 'Order.Lookup', { orderNum })
      return found.orderNum === orderNum ? found : undefined
    })
  const lengthAt = async (address: string) => (await callOurs<{ length: number }>(address, 'Order.Status')).length

  expect(await eventually('it trades', HOPELESS_MS, place)).toBe(0)
  for (const address of [first, second]) expect(await untilShown(address, 0)).toEqual({ orderNum: 0, ...buy })
  await system.kill('order-1')
  expect(await place()).toBe(1)
  expect(await place()).toBe(2)
  system.start('order-1')
  await eventually('it has all it missed', HOPELESS_MS, async () => (await lengthAt(first)) === 3 || undefined)
  await eventually('it says whom it follows', HOPELESS_MS, () => timesSaid(system, 'order-1') === 1 || undefined)
  expect(await place()).toBe(3)
  await eventually('it gets what comes next', HOPELESS_MS, async () => (await lengthAt(first)) === 4 || undefined)
  await eventually('so does the other one', HOPELESS_MS, async () => (await lengthAt(second)) === 4 || undefined)
  expect(timesSaid(system, 'order-1')).toBe(1)
})
