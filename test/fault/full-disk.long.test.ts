import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { ReplicaStatusData, StatusData } from '../../src/http/types.ts'
import { EXIT_HALTED } from '../../src/runtime/lifecycle.ts'
import { call } from '../contract/conformance/grpc.ts'
import { ask, dataOf, order } from '../contract/conformance/http.ts'
import { levelOf, orderNumber, place, refusal, untilUnknown } from '../contract/conformance/target.ts'
import { checkEndState } from '../end-state.ts'
import { fillDisk, mountSmallDisk, whyNoSmallDisk } from '../nemesis/disks.ts'
import { bareSystem, type BareSystem } from './bare-system.ts'
import { lateAnswers, load } from './load.ts'
import { eventually, HOPELESS_MS, inOneTry } from './process.ts'

/** Room at which a disk counts as full. It is enough for the writes until a process notices. */
const ROOM_BYTES = 24 * 1024 * 1024

const whyNot = whyNoSmallDisk()

/** Starts a system of which one process has a small disk of its own. */
async function systemWithSmallDisk(name: string): Promise<BareSystem> {
  const system = await bareSystem()
  const folder = join(system.dataDir, name)
  mkdirSync(folder, { recursive: true })
  system.atTheEnd(mountSmallDisk(folder))
  system.start(...system.names)
  await system.untilTrading()
  return system
}

const statusOf = async (system: BareSystem) => dataOf<StatusData>(await ask(system.frontEnd, '/status'))

const replica3 = ({ replicas }: StatusData) => replicas.find(({ id }) => id === 3) as ReplicaStatusData

test.skipIf(whyNot)('the leader’s disk is full: another one leads, status says why, nobody notices', () =>
  inOneTry(async () => {
    await using system = await systemWithSmallDisk('order-3')
    const [first = '', second = '', third = ''] = system.replicas.map(({ address }) => address)
    await call(third, 'Order.AssignFollowers', { followerOne: first, followerTwo: second })
    await eventually('it leads', HOPELESS_MS, async () => (await statusOf(system)).leader === third || undefined)
    const clients = load(system)
    await clients.untilAcknowledged(50)
    const makeRoom = fillDisk(join(system.dataDir, 'order-3'), ROOM_BYTES)
    await eventually('another one leads, and it says why', HOPELESS_MS, async () => {
      const status = await statusOf(system)
      expect(replica3(status)).toMatchObject({ reachable: true, canLead: false, trouble: 'the disk is full' })
      return (status.leader !== third && status.leader !== null) || undefined
    })
    await clients.untilAcknowledged(50)
    makeRoom()
    await eventually('it follows again', HOPELESS_MS, async () => {
      const { replicas } = await statusOf(system)
      const followers = replicas.flatMap((replica) => (replica.reachable ? replica.followers : []))
      return followers.some(({ address, state }) => address === third && state === 'in-sync') || undefined
    })
    const report = await clients.stop()
    expect(report.wrong).toEqual([])
    await checkEndState(system, report.acknowledged)
    return lateAnswers(report)
  }),
)

test.skipIf(whyNot)('the catalogue’s disk is full: orders get 503, lookups go on, and trading resumes with the room', async () => {
  await using system = await systemWithSmallDisk('catalogue')
  const number = await place(system, 'apple', 'buy', 1)
  const makeRoom = fillDisk(join(system.dataDir, 'catalogue'), ROOM_BYTES)
  await eventually('it says so', HOPELESS_MS, async () => {
    const { catalogue } = await statusOf(system)
    return (catalogue.reachable && catalogue.state === 'the disk is full') || undefined
  })
  expect(refusal(await order(system.frontEnd, { name: 'apple', quantity: 1, type: 'buy' }))).toMatchObject({ status: 503 })
  expect(await levelOf(system, 'apple')).toBe(999)
  makeRoom()
  await system.untilTrading()
  await checkEndState(system, [{ number, name: 'apple', type: 'buy', quantity: 1 }])
})

test.skipIf(whyNot)('all disks are full, catalogue and replicas are killed: lookups and known orders are answered', async () => {
  await using system = await bareSystem()
  const keepers = ['catalogue', 'order-1', 'order-2', 'order-3']
  for (const name of keepers) {
    mkdirSync(join(system.dataDir, name), { recursive: true })
    system.atTheEnd(mountSmallDisk(join(system.dataDir, name)))
  }
  system.start(...system.names)
  await system.untilTrading()
  const number = await place(system, 'apple', 'buy', 1)
  const makeRoom = keepers.map((name) => fillDisk(join(system.dataDir, name)))

  for (const killed of [['catalogue'], keepers]) {
    await system.kill(...killed)
    system.start(...killed)
    await eventually(
      'an order is found',
      HOPELESS_MS,
      async () => (await ask(system.frontEnd, `/orders/${number}`)).status === 200 || undefined,
    )
    expect(await orderNumber(system, number)).toMatchObject({ name: 'apple', quantity: 1, type: 'buy' })
    await untilUnknown(system, number + 1)
    expect(await eventually('the level is shown', HOPELESS_MS, () => levelOf(system, 'apple'))).toBe(999)
    expect(refusal(await order(system.frontEnd, { name: 'apple', quantity: 1, type: 'buy' }))).toMatchObject({ status: 503 })
    await eventually('the catalogue says so', HOPELESS_MS, async () => {
      expect((await statusOf(system)).catalogue).toMatchObject({ reachable: true, state: 'the disk is full', length: number + 1 })
      return true
    })
  }

  for (const make of makeRoom) make()
  expect(await system.exitOf('catalogue')).toEqual({ code: EXIT_HALTED, signal: null })
  system.start('catalogue')
  await system.untilTrading()
  expect(await place(system, 'apple', 'buy', 1)).toBe(number + 1)
  await checkEndState(system, [{ number, name: 'apple', type: 'buy', quantity: 1 }])
})
