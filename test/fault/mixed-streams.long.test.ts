import { join } from 'node:path'
import { expect, test } from 'vitest'
import { checkEndState } from '../end-state.ts'
import { takesFrames } from '../frame-peer.ts'
import { bareSystem, type BareSystem } from './bare-system.ts'
import { load } from './load.ts'
import { CliProcess } from './process.ts'
import { wholeAgain } from './whole.ts'

const GRPC_ALONE = ['--streams', 'grpc']

/** Says which of the processes take frames. The front end takes no streams. */
async function thatTakeFrames({ catalogue, replicas }: BareSystem): Promise<string[]> {
  const servers = [['catalogue', catalogue] as const, ...replicas.map(({ id, address }) => [`order-${id}`, address] as const)]
  const answers = await Promise.all(servers.map(async ([name, address]) => ((await takesFrames(address)) ? [name] : [])))
  return answers.flat()
}

/** Kills a process while clients trade, and starts it again with other words. */
async function replace(system: BareSystem, name: string, ...words: readonly string[]): Promise<void> {
  await system.kill(name)
  system.startWith(name, ...words)
  await wholeAgain(system)
}

/** Reads all files from beginning to end, which processes do not have open any more. */
async function verifyFiles(system: BareSystem): Promise<void> {
  await system.end('frontend')
  await system.end(...system.replicas.map(({ id }) => `order-${id}`))
  await system.end('catalogue')
  for (const name of system.names.filter((each) => each !== 'frontend')) {
    const verifying = new CliProcess(['verify', '--data', join(system.dataDir, name)])
    expect(await verifying.exited, verifying.output).toEqual({ code: 0, signal: null })
  }
}

test.each(['catalogue', 'order-3', 'order-2', 'frontend'])(
  '%s speaks gRPC alone: the leader is killed, and no order is lost',
  async (other) => {
    await using system = await bareSystem()
    for (const name of system.names) system.startWith(name, ...(name === other ? GRPC_ALONE : []))
    await system.untilTrading()
    expect(await thatTakeFrames(system)).toEqual(['catalogue', 'order-1', 'order-2', 'order-3'].filter((name) => name !== other))
    const clients = load(system)
    await clients.untilAcknowledged(50)
    await system.kill('order-3')
    await clients.untilAcknowledged(50)
    system.startWith('order-3', ...(other === 'order-3' ? GRPC_ALONE : []))
    await wholeAgain(system)
    await clients.untilAcknowledged(50)
    const report = await clients.stop()
    expect(report.wrong).toEqual([])
    await checkEndState(system, report.acknowledged)
    await verifyFiles(system)
  },
)

test('a system without frames gets them process by process, and loses them again, while it trades', async () => {
  await using system = await bareSystem()
  for (const name of system.names) system.startWith(name, ...GRPC_ALONE)
  await system.untilTrading()
  expect(await thatTakeFrames(system)).toEqual([])
  const clients = load(system)
  for (const name of system.names) {
    await clients.untilAcknowledged(30)
    await replace(system, name)
  }
  expect(await thatTakeFrames(system)).toEqual(['catalogue', 'order-1', 'order-2', 'order-3'])
  for (const name of system.names.toReversed()) {
    await clients.untilAcknowledged(30)
    await replace(system, name, ...GRPC_ALONE)
  }
  expect(await thatTakeFrames(system)).toEqual([])
  await clients.untilAcknowledged(30)
  const report = await clients.stop()
  expect(report.wrong).toEqual([])
  await checkEndState(system, report.acknowledged)
  await verifyFiles(system)
})
