import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { OrderData } from '../../src/http/types.ts'
import { startCluster } from '../cluster.ts'
import { ask, dataOf, order } from '../contract/conformance/http.ts'
import { levelOf, orderNumber, place, refusal, untilUnknown } from '../contract/conformance/target.ts'
import { checkEndState } from '../end-state.ts'
import { bareSystem } from './bare-system.ts'
import { lateAnswers, load } from './load.ts'
import { inOneTry } from './process.ts'

test('two replicas at once, the leader among them: clients see no error', () =>
  inOneTry(async () => {
    await using system = await bareSystem()
    system.start(...system.names)
    await system.untilTrading()
    const clients = load(system)
    await clients.untilAcknowledged(50)
    await system.kill('order-3', 'order-2')
    await clients.untilAcknowledged(100)
    system.start('order-3', 'order-2')
    await clients.untilAcknowledged(100)
    const report = await clients.stop()
    expect(report.wrong).toEqual([])
    await checkEndState(system, report.acknowledged)
    return lateAnswers(report)
  }))

test('the next leader while the first one is away: clients see no error', () =>
  inOneTry(async () => {
    await using system = await bareSystem()
    system.start(...system.names)
    await system.untilTrading()
    const clients = load(system)
    await clients.untilAcknowledged(50)
    await system.kill('order-3')
    await clients.untilAcknowledged(50)
    await system.kill('order-2')
    await clients.untilAcknowledged(50)
    system.start('order-3')
    await clients.untilAcknowledged(50)
    system.start('order-2')
    await clients.untilAcknowledged(50)
    const report = await clients.stop()
    expect(report.wrong).toEqual([])
    await checkEndState(system, report.acknowledged)
    return lateAnswers(report)
  }))

test('the supervisor brings two replicas back that were killed within a moment', () =>
  inOneTry(async () => {
    await using cluster = await startCluster()
    const clients = load(cluster)
    await clients.untilAcknowledged(50)
    const first = cluster.kill('order-3')
    await sleep(50)
    const second = cluster.kill('order-2')
    await Promise.all([cluster.restartedSince('order-3', first), cluster.restartedSince('order-2', second)])
    await clients.untilAcknowledged(100)
    const report = await clients.stop()
    expect(report.wrong).toEqual([])
    await checkEndState(cluster, report.acknowledged)
    return lateAnswers(report)
  }))

test('all three replicas: 503 in clear words for orders, lookups go on, and trading resumes', async () => {
  await using system = await bareSystem()
  system.start(...system.names)
  await system.untilTrading()
  const number = await place(system, 'apple', 'buy', 1)
  await system.kill('order-1', 'order-2', 'order-3')

  const [refused, query] = await Promise.all([
    order(system.frontEnd, { name: 'apple', quantity: 1, type: 'buy' }),
    ask(system.frontEnd, `/orders/${number}`),
  ])
  expect(refusal(refused).message).toMatch(/not placed|may have been placed/)
  for (const answer of [refused, await ask(system.frontEnd, '/leader')]) {
    expect(refusal(answer)).toMatchObject({ status: 503, code: 503, message: expect.not.stringContaining('catalogue') })
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0)
  }
  expect(dataOf<OrderData>(query)).toMatchObject({ name: 'apple', quantity: 1 })
  await untilUnknown(system, number + 1)
  expect(await levelOf(system, 'apple')).toBe(999)

  system.start('order-1', 'order-2', 'order-3')
  await system.untilTrading()
  expect(await orderNumber(system, number)).toMatchObject({ name: 'apple', quantity: 1 })
  expect(await place(system, 'apple', 'sell', 1)).toBeGreaterThan(number)
  await checkEndState(system, [{ number, name: 'apple', type: 'buy', quantity: 1 }])
})

test('the catalogue away: 503 in clear words, known orders are still answered, unknown ones never with 404', async () => {
  await using system = await bareSystem()
  system.start(...system.names)
  await system.untilTrading()
  const number = await place(system, 'apple', 'buy', 1)
  await system.kill('catalogue')

  const [refused, known, ...queries] = await Promise.all([
    order(system.frontEnd, { name: 'apple', quantity: 1, type: 'buy' }),
    orderNumber(system, number),
    ask(system.frontEnd, `/orders/${number + 1}`),
    ask(system.frontEnd, '/stocks/apple'),
  ])
  expect(known).toMatchObject({ name: 'apple', quantity: 1 })
  for (const answer of [refused, ...queries]) {
    expect(refusal(answer)).toMatchObject({ status: 503, code: 503, message: expect.any(String) })
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0)
  }

  system.start('catalogue')
  await system.untilTrading()
  await checkEndState(system, [{ number, name: 'apple', type: 'buy', quantity: 1 }])
})

test('everything, ended in order and started again under load: only failures that a client can repeat', async () => {
  await using cluster = await startCluster()
  const clients = load(cluster)
  await clients.untilAcknowledged(100)
  await cluster.restart()
  await clients.untilAcknowledged(100)
  const report = await clients.stop()
  expect(report.errors.filter(({ status }) => status !== 0 && status !== 503)).toEqual([])
  expect(report.wrong).toEqual([])
  await checkEndState(cluster, report.acknowledged)
})

test('one process after the other, none twice at once, while clients trade', async () => {
  await using cluster = await startCluster()
  const clients = load(cluster)
  for (const name of ['order-3', 'order-2', 'catalogue', 'order-1', 'frontend']) {
    await clients.untilAcknowledged(30)
    await cluster.restartedSince(name, cluster.kill(name))
    await cluster.leader()
  }
  await clients.untilAcknowledged(100)
  const report = await clients.stop()
  expect(report.errors.filter(({ status }) => status !== 0 && status !== 503)).toEqual([])
  expect(report.wrong).toEqual([])
  await checkEndState(cluster, report.acknowledged)
})
