import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { OrderData, StatusData } from '../../src/http/types.ts'
import { ask, dataOf } from '../contract/conformance/http.ts'
import { place } from '../contract/conformance/target.ts'
import { checkEndState } from '../end-state.ts'
import { freePort } from '../free-port.ts'
import { BareSystem, type SystemPorts } from './bare-system.ts'
import { CliProcess, eventually, HOPELESS_MS } from './process.ts'

async function freePorts(count: number): Promise<number[]> {
  return Promise.all(Array.from({ length: count }, freePort))
}

async function systemPorts(): Promise<SystemPorts> {
  const [frontEnd = 0, catalogue = 0, ...orders] = await freePorts(5)
  return { frontEnd, catalogue, orders }
}

/** Sells `count` shares in orders of one share. The stock's name tells the two systems apart. */
async function sell(system: BareSystem, name: string, count: number): Promise<OrderData[]> {
  const sold: OrderData[] = []
  for (let n = 0; n < count; n++) sold.push({ number: await place(system, name, 'sell', 1), name, type: 'sell', quantity: 1 })
  return sold
}

const statusOf = async ({ frontEnd }: BareSystem): Promise<StatusData> => dataOf<StatusData>(await ask(frontEnd, '/status'))

const clusterOf = (system: BareSystem): Promise<string> =>
  eventually('the catalogue tells its cluster', HOPELESS_MS, async () => {
    const { catalogue } = await statusOf(system)
    return catalogue.reachable ? catalogue.clusterId : undefined
  })

async function startAll(system: BareSystem): Promise<void> {
  system.start(...system.names)
  await system.untilTrading()
}

/** Reads every copy of a system's files in full. */
async function verify(system: BareSystem): Promise<string> {
  const folders = system.names.filter((name) => name !== 'frontend').map((name) => join(system.dataDir, name))
  const outputs = await Promise.all(
    folders.map(async (folder) => {
      const verifying = new CliProcess(['verify', '--data', folder])
      const { code } = await verifying.exited
      return `${code}: ${verifying.output}`
    }),
  )
  return outputs.join('\n')
}

test('another system on ports that were ours: neither takes anything of the other for its own', async () => {
  const ports = await systemPorts()
  await using before = new BareSystem(ports)
  await startAll(before)
  const ours = await sell(before, 'apple', 5)
  await before.end(...before.names.toReversed())

  // From now on there is one replica, but the catalogue is not told so. It remembers where the other two were.
  const [moved = 0, theirFirst = 0, theirCatalogue = 0, theirFrontEnd = 0] = await freePorts(4)
  await using us = new BareSystem({ ...ports, orders: [moved] }, before.dataDir)
  await startAll(us)
  await using neighbour = new BareSystem({
    frontEnd: theirFrontEnd,
    catalogue: theirCatalogue,
    orders: [theirFirst, ports.orders[1]!, ports.orders[2]!],
  })
  await startAll(neighbour)
  const theirs = await sell(neighbour, 'tesla', 20)

  // The catalogue calls the addresses that it remembers again at each start.
  for (let round = 0; round < 2; round++) {
    await us.kill('catalogue')
    us.start('catalogue')
    await us.untilTrading()
    ours.push(...(await sell(us, 'apple', 2)))
    theirs.push(...(await sell(neighbour, 'tesla', 2)))
  }
  expect(await clusterOf(us)).not.toBe(await clusterOf(neighbour))
  await checkEndState(us, ours)
  await checkEndState(neighbour, theirs)
  expect(us.output('catalogue')).not.toContain('the ledger is behind')
  await Promise.all([us.end(...us.names.toReversed()), neighbour.end(...neighbour.names.toReversed())])
  expect(await verify(us)).not.toMatch(/BAD|^[^0]:/m)
  expect(await verify(neighbour)).not.toMatch(/BAD|^[^0]:/m)
})

test('a front end that names replicas of another system takes no order there', async () => {
  await using neighbour = new BareSystem(await systemPorts())
  await startAll(neighbour)
  const theirs = await sell(neighbour, 'tesla', 5)
  const ports = await systemPorts()
  const own = { ...ports, orders: [ports.orders[0]!] }
  await using us = new BareSystem(own)
  await startAll(us)
  const ours = await sell(us, 'apple', 5)

  // Replica 1 is ours. 2 and 3 are the neighbour's. 3 leads there, and has the highest id.
  const [, second, third] = neighbour.replicas.map(({ address }) => Number(address.split(':')[1]))
  await us.end('frontend')
  await using misled = new BareSystem({ ...own, orders: [own.orders[0]!, second!, third!] }, us.dataDir)
  misled.start('frontend')
  await misled.untilTrading()
  ours.push(...(await sell(misled, 'apple', 5)))
  theirs.push(...(await sell(neighbour, 'tesla', 5)))

  for (const { number, ...content } of ours)
    expect(dataOf<OrderData>(await ask(misled.frontEnd, `/orders/${number}`))).toEqual({ number, ...content })
  // It may have heard from the neighbour before it heard from its own catalogue. Then it objects to the next answer.
  const [theirCluster, ourCluster] = [await clusterOf(neighbour), await clusterOf(misled)]
  for (const id of [2, 3]) {
    const objection = `replica ${id} belongs to cluster ${theirCluster}, the catalogue to cluster ${ourCluster}: check the start arguments`
    await eventually(`the front end says "${objection}"`, HOPELESS_MS, () => misled.output('frontend').includes(objection) || undefined)
  }
  const log = await checkEndState(neighbour, theirs)
  expect(log).toHaveLength(theirs.length)
})

test('a catalogue of another system on the port of ours gets none of our replicas, and ours goes on when it is back', async () => {
  await using us = new BareSystem(await systemPorts())
  await startAll(us)
  const ours = await sell(us, 'apple', 5)
  const theirPorts = await systemPorts()
  await using neighbour = new BareSystem(theirPorts)
  await startAll(neighbour)
  const theirs = await sell(neighbour, 'tesla', 9)
  await neighbour.end('catalogue')
  await us.kill('catalogue')

  // The neighbour's catalogue, with its own orders, listens on our port. Our leader and our front end call it.
  await using intruder = new BareSystem({ ...theirPorts, catalogue: Number(us.catalogue.split(':')[1]) }, neighbour.dataDir)
  intruder.start('catalogue')
  await eventually(
    'our front end hears of the other cluster',
    HOPELESS_MS,
    () => us.output('frontend').includes('belongs to cluster') || undefined,
  )
  await eventually('our replicas tell that they hold what is ours', HOPELESS_MS, async () => {
    const { replicas } = await statusOf(us)
    expect(replicas.map((replica) => replica.reachable && replica.length)).toEqual([5, 5, 5])
    return true
  })
  await intruder.end('catalogue')

  us.start('catalogue')
  neighbour.start('catalogue')
  await us.untilTrading()
  await neighbour.untilTrading()
  ours.push(...(await sell(us, 'apple', 2)))
  theirs.push(...(await sell(neighbour, 'tesla', 2)))
  await checkEndState(us, ours)
  await checkEndState(neighbour, theirs)
})
