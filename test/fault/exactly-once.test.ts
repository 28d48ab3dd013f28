import { randomUUID } from 'node:crypto'
import { Agent } from 'node:http'
import { expect, test } from 'vitest'
import type { ErrorBody, PlacedData } from '../../src/http/types.ts'
import { startCluster } from '../cluster.ts'
import { dataOf, order, type HttpAnswer } from '../contract/conformance/http.ts'
import { levelOf, refusal } from '../contract/conformance/target.ts'
import { checkEndState } from '../end-state.ts'
import { isLate } from './load.ts'

/** Sends an order again with its key, as a client does, as long as nobody knows its outcome because the machine is busy. */
async function untilDefinite(send: () => Promise<HttpAnswer>): Promise<HttpAnswer> {
  for (;;) {
    const sentMs = performance.now()
    const answer = await send()
    if (!isLate({ status: answer.status, waitedMs: performance.now() - sentMs })) return answer
  }
}

test('2,000 buys at once of the last 1,000 shares: exactly 1,000 are sold', async () => {
  await using cluster = await startCluster()
  const agent = new Agent({ keepAlive: true })
  const buy = { name: 'nike', quantity: 1, type: 'buy' }
  const keys = Array.from({ length: 2_000 }, () => ({ 'idempotency-key': randomUUID() }))
  const answers = await Promise.all(keys.map((headers) => untilDefinite(() => order(cluster.frontEnd, buy, { agent, headers }))))
  agent.destroy()

  const accepted = answers.filter(({ status }) => status === 200)
  const rejected = answers.filter(({ status }) => status !== 200)
  for (const answer of rejected) {
    expect(refusal(answer)).toEqual({ status: 400, code: 404, message: 'not enough stocks available to buy' })
  }
  expect(accepted).toHaveLength(1_000)
  expect(await levelOf(cluster, 'nike')).toBe(0)
  await checkEndState(
    cluster,
    accepted.map((answer) => ({ number: numberIn(answer), name: 'nike', type: 'buy', quantity: 1 })),
  )
})

test('one key is one order: twice at once, after a leader kill, after a restart of everything', async () => {
  await using cluster = await startCluster()
  const headers = { 'idempotency-key': randomUUID() }
  const wanted = { name: 'tesla', quantity: 3, type: 'buy' }
  const send = () => untilDefinite(() => order(cluster.frontEnd, wanted, { headers }))

  const both = await Promise.all([send(), send()])
  const [number = -1, other] = both.map(numberIn)
  expect(other).toBe(number)
  expect(both.map(isReplay).toSorted()).toEqual([false, true])

  const leader = await cluster.leader()
  const pid = cluster.kill(leader)
  expectReplay(await send(), number)
  await cluster.restartedSince(leader, pid)
  expectReplay(await send(), number)

  await cluster.restart()
  expectReplay(await send(), number)

  expect(await levelOf(cluster, 'tesla')).toBe(997)
  const log = await checkEndState(cluster, [{ number, ...wanted }])
  expect(log).toHaveLength(1)
})

test('a key sent while its first try is cut off by a leader kill: one order', async () => {
  await using cluster = await startCluster()
  const sell = { name: 'amc', quantity: 1, type: 'sell' }
  const keys = Array.from({ length: 40 }, () => randomUUID())
  const send = (key: string) => untilDefinite(() => order(cluster.frontEnd, sell, { headers: { 'idempotency-key': key } }))

  const first = keys.map(send)
  const leader = await cluster.leader()
  const pid = cluster.kill(leader)
  const second = keys.map(send)
  const firstNumbers = (await Promise.all(first)).map(numberIn)
  expect((await Promise.all(second)).map(numberIn)).toEqual(firstNumbers)

  await cluster.restartedSince(leader, pid)
  const log = await checkEndState(
    cluster,
    firstNumbers.map((number) => ({ number, ...sell })),
  )
  expect(log).toHaveLength(keys.length)
})

test('an order whose outcome nobody knows: 503 names the key that tells it, and it is placed once', async () => {
  await using cluster = await startCluster()
  const buy = { name: 'ford', quantity: 4, type: 'buy' }
  cluster.pause('catalogue')
  const unknown = await order(cluster.frontEnd, buy)
  cluster.resume('catalogue')
  await cluster.untilTrading()
  expect(refusal(unknown)).toMatchObject({ status: 503, message: expect.stringContaining('may have been placed') })

  const { error } = unknown.body as ErrorBody
  const headers = { 'idempotency-key': error.idempotencyKey ?? '' }
  const number = numberIn(await order(cluster.frontEnd, buy, { headers }))
  expectReplay(await order(cluster.frontEnd, buy, { headers }), number)
  expect(await checkEndState(cluster, [{ number, ...buy }])).toHaveLength(1)
})

const numberIn = (answer: HttpAnswer) => dataOf<PlacedData>(answer).transaction_number
const isReplay = ({ headers }: HttpAnswer) => headers['idempotency-replayed'] === 'true'

function expectReplay(answer: HttpAnswer, number: number): void {
  expect(numberIn(answer)).toBe(number)
  expect(isReplay(answer)).toBe(true)
}
