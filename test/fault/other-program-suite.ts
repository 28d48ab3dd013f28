import { expect } from 'vitest'
import type { StatusData } from '../../src/http/types.ts'
import { call } from '../contract/conformance/grpc.ts'
import { ask, dataOf } from '../contract/conformance/http.ts'
import { leaderOf } from '../contract/conformance/target.ts'
import { checkEndState } from '../end-state.ts'
import { bareSystem, type BareSystem } from './bare-system.ts'
import { lateAnswers, load, type SeenError } from './load.ts'
import { CliProcess, eventually, HOPELESS_MS, inOneTry } from './process.ts'

/** The program of another make: a replica that knows nothing but the contract. */
export const EXAMPLE = 'examples/own-replica.js'
const WORDS = 'another program: single calls, no guarantee'
const REPLICAS = ['order-1', 'order-2', 'order-3']

const statusOf = async ({ frontEnd }: BareSystem) => dataOf<StatusData>(await ask(frontEnd, '/status'))
const addressOf = (system: BareSystem, name: string) => system.replicas.find(({ id }) => name === `order-${id}`)?.address ?? ''
/** Returns how often a process has said what that program is. */
export const timesSaid = (system: BareSystem, name: string) => system.output(name).split(WORDS).length - 1

const untilLeads = (system: BareSystem, names: readonly string[]) =>
  eventually(`one of ${names.join(', ')} leads`, HOPELESS_MS, async () => {
    const leader = await leaderOf(system)
    return names.find((name) => addressOf(system, name) === leader)
  })

/** Waits until the other program shows exactly these orders, and no more. */
async function untilHolds(system: BareSystem, name: string, log: readonly object[]): Promise<void> {
  const shown = async (orderNum: number) => {
    const {
      stockName,
      tradeType: type,
      stockTradeQuantity: quantity,
      ...rest
    } = await call(addressOf(system, name), 'Order.Lookup', { orderNum })
    return { number: rest.orderNum, name: stockName, type, quantity }
  }
  await eventually(
    `${name} holds all orders`,
    HOPELESS_MS,
    async () => (await shown(log.length - 1)).number === log.length - 1 || undefined,
  )
  for (const [number, order] of log.entries()) expect(await shown(number)).toEqual(order)
  expect((await shown(log.length)).number).toBe(-1)
}

/** Waits until `status` names the other program, and says `what` of it. */
const untilSaid = (system: BareSystem, what: object) =>
  eventually(`status says ${JSON.stringify(what)}`, HOPELESS_MS, async () => {
    expect((await statusOf(system)).otherPrograms).toEqual([expect.objectContaining(what)])
    return true
  })

/** Checks that the program follows, and holds all orders in order, through kills of our leaders and of itself. It is never elected. */
export const followsThroughKills = (other: string): Promise<void> => inOneTry(() => followThroughKills(other))

async function followThroughKills(other: string): Promise<readonly SeenError[]> {
  const ours = REPLICAS.filter((name) => name !== other)
  await using system = await bareSystem({ [other]: EXAMPLE })
  system.start(...system.names)
  await system.untilTrading()
  const clients = load(system)
  await clients.untilAcknowledged(50)
  for (let time = 0; time < 2; time++) {
    const leader = await untilLeads(system, ours)
    const rest = ours.filter((name) => name !== leader)
    await system.kill(leader)
    expect(await untilLeads(system, rest)).toBe(rest[0])
    await clients.untilAcknowledged(50)
    system.start(leader)
    await eventually('the other one follows again', HOPELESS_MS, async () => {
      const { replicas } = await statusOf(system)
      return (
        replicas.flatMap((replica) => (replica.reachable ? replica.followers : [])).some(({ state }) => state === 'in-sync') || undefined
      )
    })
  }
  system.pause(other) // The leader drops it, and nobody waits for it.
  await clients.untilAcknowledged(50)
  await system.kill(other)
  await clients.untilAcknowledged(20)
  system.start(other)
  await eventually('it is back', HOPELESS_MS, async () => (await statusOf(system)).otherPrograms.length === 1 || undefined)
  await clients.untilAcknowledged(20)
  const report = await clients.stop()
  expect(report.wrong).toEqual([])
  const log = await checkEndState(system, report.acknowledged)
  await untilHolds(system, other, log)
  await untilSaid(system, { name: other, role: 'replica', what: WORDS })
  expect(timesSaid(system, 'frontend')).toBe(1)
  return lateAnswers(report)
}

/** Checks that the program is elected when it is the only one left, trades, and gives way to ours. */
export async function leadsAlone(other: string): Promise<void> {
  const ours = REPLICAS.filter((name) => name !== other)
  await using system = await bareSystem({ [other]: EXAMPLE })
  system.start(...system.names)
  await system.untilTrading()
  const [host = '', port = ''] = system.frontEnd.split(':')
  const before = load(system)
  await before.untilAcknowledged(20)
  const { acknowledged } = await before.stop()
  await system.kill(...ours)
  expect(await untilLeads(system, [other])).toBe(other)
  const client = new CliProcess(['client', host, port, '0.5', '1'])
  expect(await client.exited, client.output).toMatchObject({ code: 0 })
  expect(client.output).toContain('ALL ORDERS VERIFIED')
  await untilSaid(system, { role: 'leader' })

  system.start(...ours)
  await untilLeads(system, ours)
  const after = load(system)
  await after.untilAcknowledged(20)
  const report = await after.stop()
  expect(report.wrong).toEqual([])
  const log = await checkEndState(system, [...acknowledged, ...report.acknowledged])
  await untilHolds(system, other, log)
}
