import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { Command } from 'commander'
import { integer } from '../../src/cli/values.ts'
import { print, printAside } from '../../src/cli/terminal.ts'
import { readRunningState, type UpState } from '../../src/cli/supervisor/state-file.ts'
import { WORKLOADS } from '../load/requests.ts'
import { Child, killChildren, pause } from '../run/child.ts'
import { runOpenLoop } from '../run/generator.ts'
import { cpuMicroseconds } from '../run/processes.ts'
import { runWrk, writeCycle } from '../run/wrk.ts'
import { TRACE_FOLDER, type ProcessTrace } from './events.ts'
import { batchesBetween, sorted, WHOLE, type BatchSteps } from './steps.ts'

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
const HOOKS = fileURLToPath(new URL('./hooks.ts', import.meta.url))
const READY_MS = 30_000
const WARM_UP_SECONDS = 3

interface Use {
  readonly name: string
  readonly pid: number
  readonly cpuUs: number
  /** Time that the main thread was ready to run and had to wait for a core. */
  readonly waitUs: number
  readonly switches: number
}

function useOf(name: string, pid: number): Use {
  const [, waitNs = '0', slices = '0'] = readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')
  return { name, pid, cpuUs: cpuMicroseconds(pid) ?? NaN, waitUs: Number(waitNs) / 1_000, switches: Number(slices) }
}

/** Idle time of all cores in microseconds. */
function idleUs(): number {
  const fields = readFileSync('/proc/stat', 'utf8').split('\n')[0]!.trim().split(/\s+/)
  return (Number(fields[4]) + Number(fields[5])) * 10_000
}

const nowUs = (): number => Number(process.hrtime.bigint()) / 1_000

interface Window {
  readonly name: string
  readonly from: number
  readonly to: number
  readonly perSecond: number
  readonly uses: readonly Use[]
  readonly coresIdle: number
}

/** One load: closed on so many connections, or open at a fixed rate on 64. */
interface Load {
  readonly name: string
  run(address: string): Promise<{ readonly perSecond: number; readonly p50: number; readonly p99: number }>
}

interface Options {
  readonly connections: string
  readonly rates?: string
  readonly seconds: number
}

async function trace(options: Options): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'bazaar-trace-'))
  const { PATH = '', HOME = '' } = process.env
  const env = { PATH, HOME, [TRACE_FOLDER]: folder, NODE_OPTIONS: `--import ${pathToFileURL(HOOKS).href}` }
  const args = [MAIN, 'up', '--json', '--data', join(folder, 'data'), '--port', '0', '--catalog-port', '0', '--order-ports', '0,0,0']
  const up = new Child(process.execPath, args, { channel: true, cwd: folder, env })
  const { signal } = new AbortController()
  try {
    const { frontEnd } = (await up.announcement(READY_MS)) as UpState
    const cyclePath = writeCycle(folder, WORKLOADS.find(({ name }) => name === 'orders')!)
    await pause(500)
    await runWrk(cyclePath, { address: frontEnd, connections: 64, seconds: WARM_UP_SECONDS, signal })
    const windows: Window[] = []
    for (const load of loadsOf(options, cyclePath, signal)) {
      const state = readRunningState(join(folder, 'data'))
      const uses = () => state!.processes.map(({ name, pid }) => useOf(name, pid!))
      await pause(300)
      const [before, idleBefore, from] = [uses(), idleUs(), nowUs()]
      const { perSecond, p50, p99 } = await load.run(frontEnd)
      const [after, idleAfter, to] = [uses(), idleUs(), nowUs()]
      const used = after.map((use, at) => ({
        ...use,
        cpuUs: use.cpuUs - before[at]!.cpuUs,
        waitUs: use.waitUs - before[at]!.waitUs,
        switches: use.switches - before[at]!.switches,
      }))
      windows.push({ name: load.name, from, to, perSecond, uses: used, coresIdle: (idleAfter - idleBefore) / (to - from) })
      printAside(
        `${load.name}: ${perSecond.toFixed(0)} orders/s, p50 ${p50.toFixed(1)} p99 ${p99.toFixed(1)} ms, load ${loadavg()[0]!.toFixed(1)}`,
      )
    }
    await up.stop()
    const traces = readdirSync(folder)
      .filter((name) => /^\d+\.json$/.test(name))
      .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as ProcessTrace)
    const processes = sorted(traces)
    print(report(windows.map((window) => ({ window, batches: batchesBetween(processes, window.from, window.to) }))))
  } finally {
    await up.stop()
    killChildren()
    rmSync(folder, { recursive: true, force: true })
  }
}

function loadsOf({ connections, rates, seconds }: Options, cyclePath: string, signal: AbortSignal): Load[] {
  const closed = connections
    .split(',')
    .filter(Boolean)
    .map((each) => ({
      name: `${each} connections`,
      run: async (address: string) => {
        const { perSecond, latencyMs } = await runWrk(cyclePath, { address, connections: Number(each), seconds, signal })
        return { perSecond, p50: latencyMs.p50, p99: latencyMs.p99 }
      },
    }))
  const open = (rates ?? '')
    .split(',')
    .filter(Boolean)
    .map((each) => ({
      name: `${each} orders/s`,
      run: async (address: string) => {
        const load = { address, cyclePath, perSecond: Number(each), seconds, connectionsMax: 1_024, connectionsReady: 64 }
        const { good, seconds: took, latency } = await runOpenLoop(load, signal)
        return { perSecond: good / took, p50: latency.p50 / 1_000, p99: latency.p99 / 1_000 }
      },
    }))
  return [...closed, ...open]
}

interface Traced {
  readonly window: Window
  readonly batches: readonly BatchSteps[]
}

function report(traced: readonly Traced[]): string {
  const names = [...new Set(traced.flatMap(({ batches }) => batches.flatMap((steps) => [...steps.keys()])))]
  const head = (what: string) => [what, ...traced.map(({ window }) => window.name)]
  const rows = names.map((name) => [name, ...traced.map(({ batches }) => percentiles(taken(batches, name)))])
  const late = names.map((name) => [name, ...traced.map(({ batches }) => excess(batches, name))])
  const count = [
    'orders a batch',
    ...traced.map(({ window, batches }) => ((window.perSecond * (window.to - window.from)) / 1e6 / batches.length).toFixed(1)),
  ]
  const idle = ['cores idle', ...traced.map(({ window }) => window.coresIdle.toFixed(2))]
  const uses = traced[0]!.window.uses.map(({ name }, i) => [
    `${name}: CPU µs a batch; wait for a core; switches`,
    ...traced.map(({ window, batches }) => {
      const { cpuUs, waitUs, switches } = window.uses[i]!
      const each = (sum: number) => (sum / batches.length).toFixed(0)
      return `${each(cpuUs)}; ${each(waitUs)}; ${(switches / batches.length).toFixed(1)}`
    }),
  ])
  return [
    table([head('step, µs: p50 / p99'), ...rows, count, idle, ...uses]),
    table([head('slowest 1 % of batches: mean above the median, µs'), ...late]),
  ].join('\n\n')
}

const table = ([head = [], ...rows]: readonly string[][]): string =>
  [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n')

const taken = (batches: readonly BatchSteps[], name: string): number[] =>
  batches.flatMap((steps) => steps.get(name) ?? []).toSorted((a, b) => a - b)

const at = (values: readonly number[], share: number): number => values[Math.min(values.length - 1, Math.floor(share * values.length))] ?? 0

const percentiles = (values: readonly number[]): string =>
  values.length === 0 ? '–' : `${at(values, 0.5).toFixed(0)} / ${at(values, 0.99).toFixed(0)} (${values.length})`

/** How much longer a step took in the slowest batches. A step that a usual batch does not have counts whole. */
function excess(batches: readonly BatchSteps[], name: string): string {
  const slowest = batches.toSorted((a, b) => (b.get(WHOLE) ?? 0) - (a.get(WHOLE) ?? 0)).slice(0, Math.ceil(batches.length / 100))
  const all = taken(batches, name)
  const usual = all.length < batches.length / 2 ? 0 : at(all, 0.5)
  const sum = slowest.reduce((total, steps) => total + (steps.get(name) ?? usual) - usual, 0)
  return (sum / slowest.length).toFixed(0)
}

const EXAMPLES = `
Linux only: it reads /proc. Needs wrk.

Examples:
  npm run trace                                    1, 8, 64 and 256 connections
  npm run trace -- --connections 64 --rates 6000   64 connections, then 6,000 orders/s in an open loop`

await new Command('npm run trace --')
  .description('Shows where the time of a batch goes, step by step, in a system of real processes under load.')
  .option('--connections <a,b>', 'closed loops on so many connections', '1,8,64,256')
  .option('--rates <a,b>', 'open loops at so many orders a second')
  .option('--seconds <s>', 'length of each load', integer(1, 60), 3)
  .addHelpText('after', EXAMPLES)
  .action(trace)
  .parseAsync()
