/** Measures the cost of a bazaar that nobody asks for anything. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir, loadavg } from 'node:os'
import { join } from 'node:path'
import { Command } from 'commander'
import { print, printAside, printJson } from '../src/cli/terminal.ts'
import { integer } from '../src/cli/values.ts'
import { bazaar } from './peers/bazaar.ts'
import { killChildren, pause } from './run/child.ts'
import { usageOf } from './run/processes.ts'

interface Options {
  readonly seconds: number
  readonly settle: number
  readonly json?: boolean
}

interface Row {
  readonly process: string
  /** Of one core, in percent. */
  readonly cpuPercent: number
  readonly wakeupsPerSecond: number
}

async function measure({ seconds, settle }: Options): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'bazaar-idle-'))
  process.once('exit', () => {
    killChildren()
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  })
  const system = await bazaar.start({ folder, modules: undefined, stocksPath: undefined })
  printAside(`It has ${settle} s to come to rest, and is then measured for ${seconds} s.`)
  await pause(settle * 1_000)
  const pids = [...system.pids()].flatMap(([name, [pid]]) => (pid === undefined ? [] : [{ name, pid }]))
  const before = pids.map(({ pid }) => usageOf(pid))
  await pause(seconds * 1_000)
  const rows = pids.map(({ name, pid }, at) => {
    const after = usageOf(pid)
    const cpuMs = after.cpuMs - before[at]!.cpuMs
    return {
      process: name,
      cpuPercent: Number((cpuMs / (10 * seconds)).toFixed(2)),
      wakeupsPerSecond: Number(((after.wakeups - before[at]!.wakeups) / seconds).toFixed(1)),
    }
  })
  await system.stop()
  const sum = (figure: (row: Row) => number, digits: number) => Number(rows.reduce((total, row) => total + figure(row), 0).toFixed(digits))
  return [...rows, { process: 'all', cpuPercent: sum((row) => row.cpuPercent, 2), wakeupsPerSecond: sum((row) => row.wakeupsPerSecond, 1) }]
}

async function run(options: Options): Promise<void> {
  const rows = await measure(options)
  if (options.json) return printJson({ loadAverage: loadavg()[0], rows })
  print(['process', '% of a core', 'wakeups/s'].map((cell, at) => (at === 0 ? cell.padEnd(12) : cell.padStart(14))).join(''))
  for (const { process: name, cpuPercent, wakeupsPerSecond } of rows) {
    print(`${name.padEnd(12)}${cpuPercent.toFixed(2).padStart(14)}${wakeupsPerSecond.toFixed(1).padStart(14)}`)
  }
}

const HELP = `
Linux only. A wakeup is a wait of any of its threads that has ended. Others at work on the machine make each wakeup dearer.

Examples:
  npm run bench:idle
  npm run bench:idle -- --seconds 10 --json`

await new Command('npm run bench:idle --')
  .description('Starts a bazaar of real processes, asks it for nothing, and measures what each process uses.')
  .option('--seconds <s>', 'how long to measure', integer(1, 3_600), 30)
  .option('--settle <s>', 'how long to wait before', integer(0, 3_600), 15)
  .option('--json', 'print JSON instead of a table')
  .addHelpText('after', HELP)
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2))
  .action(run)
  .parseAsync()
process.exit()
