import { cpSync, existsSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { OrderData } from '../../src/http/types.ts'
import { place } from '../contract/conformance/target.ts'
import { checkEndState } from '../end-state.ts'
import { freePort } from '../free-port.ts'
import { BareSystem, bareSystem, type SystemPorts } from './bare-system.ts'
import { eventually, HOPELESS_MS } from './process.ts'

/**
 * Somebody copies all data folders of a stopped system, and both copies go on: A sells apple, B sells intel. Each start of
 * a catalogue raises its generation, so the copies use the same ones. Then files of both meet.
 */

/** The life of one copy after the copying: starts of its catalogue in which nothing is sold, and then starts of all with orders. */
interface Story {
  readonly idle: number
  readonly trading: number
}
/** A stopped system: its folder, and its orders in turn. */
interface Stopped {
  readonly folder: string
  readonly orders: readonly OrderData[]
}

const ORDERS_A_START = 2
const TRADING_MAX = 4
const IDLE = 2
const root = mkdtempSync(join(tmpdir(), 'bazaar-parted-'))
let ports: SystemPorts
/** By name, number of idle starts and number of trading ones. */
const made = new Map<string, Stopped>()

const newFolder = (): string => mkdtempSync(join(root, 'system-'))
const keyOf = (name: string, { idle, trading }: Story): string => `${name} ${idle} ${trading}`

function copyOf(folder: string): string {
  const copy = newFolder()
  cpSync(folder, copy, { recursive: true })
  return copy
}

/** Goes on with a copy of that system, and returns the state after each start in which orders were sold. */
async function goOn({ folder, orders }: Stopped, name: string, { idle, trading }: Story): Promise<Stopped[]> {
  await using system = new BareSystem(ports, copyOf(folder))
  for (let start = 0; start < idle; start += 1) {
    system.start('catalogue')
    await eventually('the catalogue is open', HOPELESS_MS, () => system.output('catalogue').includes('open for trade') || undefined)
    await system.end('catalogue')
  }
  const states: Stopped[] = []
  const sold = [...orders]
  for (let start = 0; start < trading; start += 1) {
    system.start(...system.names)
    await system.untilTrading()
    for (let n = 0; n < ORDERS_A_START; n += 1) sold.push({ number: await place(system, name, 'sell', 1), name, type: 'sell', quantity: 1 })
    await system.end(...system.names.toReversed())
    states.push({ folder: copyOf(system.dataDir), orders: [...sold] })
  }
  return states
}

beforeAll(async () => {
  const [frontEnd = 0, catalogue = 0, ...orders] = await Promise.all(Array.from({ length: 5 }, freePort))
  ports = { frontEnd, catalogue, orders }
  const [copied] = await goOn({ folder: newFolder(), orders: [] }, 'ford', { idle: 0, trading: 1 })
  for (const name of ['apple', 'intel']) {
    const often = await goOn(copied!, name, { idle: 0, trading: TRADING_MAX })
    for (const [at, state] of often.entries()) made.set(keyOf(name, { idle: 0, trading: at + 1 }), state)
    const [late] = await goOn(copied!, name, { idle: IDLE, trading: 1 })
    made.set(keyOf(name, { idle: IDLE, trading: 1 }), late!)
  }
})
afterAll(() => rmSync(root, { recursive: true }))

/** Returns the content of each replica's file, and the names of all files beside it that keep something. */
function contents(system: BareSystem): unknown[] {
  return system.replicas.map(({ id }) => {
    const folder = join(system.dataDir, `order-${id}`)
    const database = new DatabaseSync(join(folder, `order${id}.db`), { readOnly: true })
    const entries = database.prepare('SELECT number, generation, key, name FROM entries ORDER BY number').all()
    database.close()
    return { entries, kept: readdirSync(folder).filter((file) => /cut|damaged/.test(file)) }
  })
}

/** Starts everything, the catalogue again when it asks for that, until somebody refuses to go on. Returns the words. */
async function untilRefused(system: BareSystem, words: readonly string[]): Promise<string> {
  system.startWith('catalogue', ...words)
  system.start('order-1', 'order-2', 'order-3', 'frontend')
  let ended: number | null | undefined
  const watch = () => void system.exitOf('catalogue').then(({ code }) => (ended = code))
  watch()
  return eventually('two histories are seen', HOPELESS_MS, () => {
    const said = ['catalogue', 'order-1', 'order-2', 'order-3'].map((name) => system.output(name)).join('\n')
    if (said.includes('two histories of')) return said
    if (ended !== 70) return undefined
    ended = undefined
    system.startWith('catalogue', ...words)
    watch()
    return undefined
  })
}

const once: Story = { idle: 0, trading: 1 }
const STORIES: readonly [a: Story, b: Story][] = [
  [once, once],
  [{ idle: 0, trading: 2 }, once],
  [{ idle: 0, trading: 4 }, once],
  [once, { idle: 0, trading: 2 }],
  [once, { idle: 0, trading: 4 }],
  [{ idle: IDLE, trading: 1 }, once],
  [once, { idle: IDLE, trading: 1 }],
  [
    { idle: IDLE, trading: 1 },
    { idle: 0, trading: 4 },
  ],
]
const MIXES = STORIES.flatMap(([a, b]) => [true, false].map((isKept) => ({ a, b, isKept })))

test.each(MIXES)('copies that parted: A $a, B $b, one replica is of B, the ledger of A is there: $isKept', async ({ a, b, isKept }) => {
  const [ours, theirs] = [made.get(keyOf('apple', a))!, made.get(keyOf('intel', b))!]
  await using system = new BareSystem(ports, copyOf(ours.folder))
  const third = join(system.dataDir, 'order-3')
  rmSync(third, { recursive: true })
  cpSync(join(theirs.folder, 'order-3'), third, { recursive: true })
  if (!isKept) rmSync(join(system.dataDir, 'catalogue'), { recursive: true })
  const before = contents(system)

  const words = isKept ? [] : ['--replica-addresses', system.replicas.map(({ address }) => address).join()]
  expect(await untilRefused(system, words)).toMatch(/[Cc]opies of .*system have gone on apart.* move away the file/)
  await system.end(...system.names.toReversed())
  expect(contents(system)).toEqual(before)
  if (!isKept) expect(existsSync(join(system.dataDir, 'catalogue', 'catalog.db'))).toBe(false)

  // The operator means A.
  renameSync(third, join(system.dataDir, 'moved-away'))
  system.startWith('catalogue', ...words)
  system.start('order-1', 'order-2', 'order-3', 'frontend')
  await system.untilTrading()
  await checkEndState(system, ours.orders)
})

test('a replica that was away during several generations is no copy that parted, also where the ledger is lost then', async () => {
  await using system = await bareSystem()
  const acknowledged: OrderData[] = []
  const sell = async () => acknowledged.push({ number: await place(system, 'ford', 'sell', 1), name: 'ford', type: 'sell', quantity: 1 })
  system.start(...system.names)
  await system.untilTrading()
  await sell()
  await system.kill('order-3')
  for (let start = 0; start < 3; start += 1) {
    await system.untilTrading()
    await sell()
    await system.kill('catalogue')
    if (start < 2) system.start('catalogue')
  }
  rmSync(join(system.dataDir, 'catalogue'), { recursive: true })
  system.start('order-3')
  system.startWith('catalogue', '--replica-addresses', system.replicas.map(({ address }) => address).join())
  await system.untilTrading()
  await sell()
  await checkEndState(system, acknowledged)
})
