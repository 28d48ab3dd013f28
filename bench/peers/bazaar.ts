import { fileURLToPath } from 'node:url'
import { readRunningState, type UpState } from '../../src/cli/supervisor/state-file.ts'
import type { StatusData } from '../../src/http/types.ts'
import { Child, pause } from '../run/child.ts'
import { type MachineLimits, smallMachine } from '../../test/small-machine.ts'
import { askOnce } from '../run/ask.ts'
import { type Counters, type StartOptions, type System, type SystemKind, Unavailable } from '../run/system.ts'

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
const READY_MS = 30_000
const STATUS_MS_MAX = 5_000
const STATUS_PAUSE_MS = 100
const ANY_PORTS = ['--port', '0', '--catalog-port', '0', '--order-ports', '0,0,0']
/** The number of replicas beside the leader. An order is on the disks of all of them while they are in-sync. */
const FOLLOWERS = 2

const SYNCED_COPIES = '4 (catalogue, leader, two followers)'

export const bazaar: SystemKind = {
  name: 'bazaar',
  what: 'Stock Bazaar: catalogue, three order replicas and a front end, five processes',
  syncedCopies: SYNCED_COPIES,
  start: (options) => startBazaar(options, []),
}

export const bazaarUncached: SystemKind = {
  name: 'bazaar-uncached',
  what: 'the bazaar without a cache: every lookup asks the catalogue',
  syncedCopies: SYNCED_COPIES,
  measures: ({ ordersShare }) => ordersShare < 1, // The cache makes no difference to orders, which are pushed to every front end.
  start: (options) => startBazaar(options, ['--cache', '0']),
}

export const bazaarLargeCache: SystemKind = {
  name: 'bazaar-large-cache',
  what: 'the bazaar with a cache that holds all stocks of a wide catalogue; usually it holds 8',
  syncedCopies: SYNCED_COPIES,
  measures: ({ stocks }) => stocks !== undefined,
  start: (options) => startBazaar(options, ['--cache-stocks', '10000']),
}

const ONE_CORE = { oneCore: true } as const
const SLOW_DISK = { syncMs: 20 } as const
const LITTLE_MEMORY = { memoryMiB: 256 } as const

const limited = (name: string, what: string, limits: MachineLimits): SystemKind => ({
  name,
  what: `the bazaar on ${what}`,
  syncedCopies: SYNCED_COPIES,
  start: (options) => startBazaar(options, [], limits),
})

/** The bazaar on small machines. The load is not limited. */
export const smallBazaars: readonly SystemKind[] = [
  limited('bazaar-one-core', 'one core for all five processes', ONE_CORE),
  limited('bazaar-slow-disk', `a disk that takes ${SLOW_DISK.syncMs} ms longer for each sync`, SLOW_DISK),
  limited('bazaar-little-memory', `${LITTLE_MEMORY.memoryMiB} MiB for each process`, LITTLE_MEMORY),
  limited('bazaar-small', 'a machine that is all of that', { ...ONE_CORE, ...SLOW_DISK, ...LITTLE_MEMORY }),
]

async function startBazaar({ folder, stocksPath }: StartOptions, words: readonly string[], limits: MachineLimits = {}): Promise<System> {
  const machine = smallMachine(limits, folder)
  if ('why' in machine) throw new Unavailable(machine.why)
  const { PATH = '', HOME = '' } = process.env // The variables that set options are left out, and so is the file.
  const stocks = stocksPath === undefined ? [] : ['--stocks', stocksPath]
  const args = [MAIN, 'up', '--json', '--data', folder, ...ANY_PORTS, ...stocks, ...words]
  const [command = '', ...given] = [...machine.prefix, process.execPath, ...args]
  const up = new Child(command, given, { channel: true, cwd: folder, env: { PATH, HOME, ...machine.environment } })
  try {
    const { frontEnd } = (await up.announcement(READY_MS)) as UpState
    await statusOf(frontEnd)
    return {
      address: frontEnd,
      folder,
      pids: () => pidsIn(folder),
      counters: () => statusOf(frontEnd).then(countersIn, () => undefined),
      trouble: () => troubleAt(frontEnd),
      stop: () => up.stop(),
    }
  } catch (error) {
    await up.stop()
    throw error
  }
}

function pidsIn(folder: string): ReadonlyMap<string, readonly number[]> {
  const { processes } = readRunningState(folder) ?? { processes: [] }
  return new Map(processes.map(({ name, pid }) => [name, pid === null ? [] : [pid]]))
}

async function statusOf(address: string): Promise<StatusData> {
  const { status, text } = await askOnce(address, { method: 'GET', path: '/status' })
  if (status !== 200) throw new Error(`no status: ${text}`)
  return (JSON.parse(text) as { data: StatusData }).data
}

/** Returns the counters of all processes. Undefined when a process is away, since the others do not count everything. */
function countersIn({ catalogue, replicas }: StatusData): Counters | undefined {
  const reachable = replicas.filter((replica) => replica.reachable)
  if (!catalogue.reachable || reachable.length < replicas.length) return undefined
  return {
    orders: catalogue.requests,
    batches: catalogue.batches,
    commits: reachable.reduce((sum, { batches }) => sum + batches, catalogue.batches),
  }
}

/** Asks for the trouble of a bazaar. Right after a load, a process may be too busy to answer, so it is asked again for a while. */
async function troubleAt(address: string): Promise<readonly string[]> {
  const deadlineMs = performance.now() + STATUS_MS_MAX
  for (;;) {
    const status = await statusOf(address).catch(() => undefined)
    const isWhole = status && [status.catalogue, ...status.replicas].every(({ reachable }) => reachable)
    if (isWhole || performance.now() > deadlineMs) return status ? troubleIn(status) : ['it does not tell its status']
    await pause(STATUS_PAUSE_MS)
  }
}

/** Returns the trouble that a status shows. While a follower is not in-sync, an order is on fewer disks than is said. */
function troubleIn({ catalogue, replicas }: StatusData): string[] {
  const away = [catalogue, ...replicas].filter(({ reachable }) => !reachable).map(({ name }) => `${name} is away`)
  const leader = replicas.filter((replica) => replica.reachable).find(({ role }) => role === 'leader')
  const inSync = leader?.followers.filter(({ state }) => state === 'in-sync').length ?? 0
  return inSync < FOLLOWERS ? [...away, `${inSync} of ${FOLLOWERS} followers in-sync`] : away
}
