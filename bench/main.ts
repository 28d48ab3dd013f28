import { tmpdir } from 'node:os'
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import { CommandFailure, EXIT, wordsOf } from '../src/cli/failure.ts'
import { print, printAside, printJson } from '../src/cli/terminal.ts'
import { integer } from '../src/cli/values.ts'
import { onStopRequest } from '../src/runtime/lifecycle.ts'
import { WORKLOADS } from './load/requests.ts'
import { bareDirect, bareFastify, bareNodeHttp } from './peers/bare.ts'
import { bazaar, bazaarLargeCache, bazaarUncached, smallBazaars } from './peers/bazaar.ts'
import { postgres, postgresStandby, postgresStatement } from './peers/postgres.ts'
import { redis } from './peers/redis.ts'
import { runBenchmark } from './run/benchmark.ts'
import { hasErrors } from './run/errors.ts'
import { writeResults } from './run/files.ts'
import { textReport } from './run/report.ts'
import type { Results } from './run/results.ts'
import { type Settings, SUBJECT } from './run/settings.ts'
import type { SystemKind } from './run/system.ts'
import { wrkVersion } from './run/wrk.ts'

/** The peers of the bazaar: other programs, and the bazaar itself with other settings. */
const PEERS = [
  ...[bareDirect, bareFastify, bareNodeHttp, postgres, postgresStatement, postgresStandby, redis],
  ...[bazaarUncached, bazaarLargeCache],
]
/** Those that are measured only when they are named: they say what a small machine does, and nothing about other programs. */
const ALL_PEERS = [...PEERS, ...smallBazaars]
const INTERRUPTED = 130

const QUICK = { rounds: 1, seconds: 2, warmUp: 1, connections: [64] }
const FULL = { rounds: 5, seconds: 4, warmUp: 3, connections: [1, 8, 64, 256] }

interface Options {
  readonly quick?: boolean
  readonly rounds?: number
  readonly seconds?: number
  readonly warmUp?: number
  readonly connections?: readonly number[]
  readonly workload: readonly string[]
  readonly peers: readonly string[]
  readonly openLoop?: boolean
  readonly overload?: boolean
  readonly out?: string
  readonly json?: boolean
  readonly temporary: string
  readonly modules?: string
}

const EXAMPLES = `
Workloads:
${WORKLOADS.map(({ name, what }) => `  ${name.padEnd(20)}${what}`).join('\n')}

Peers:
${ALL_PEERS.map(({ name, what }) => `  ${name.padEnd(20)}${what}`).join('\n')}

Exit codes: 0 done, 1 could not measure or met errors, 2 called wrongly, 130 interrupted.

Examples:
  npm run bench                                                       orders, against everything that is installed
  npm run bench -- --quick                                            a short look, as in CI
  npm run bench -- --workload all --open-loop --overload              everything
  npm run bench -- --open-loop --out bench/results                    orders, also at fixed rates, and keep it
  npm run bench -- --connections 64 --peers fastify --rounds 9 --json`

function buildProgram(): Command {
  const peers = ALL_PEERS.map(({ name }) => name)
  const usualPeers = PEERS.map(({ name }) => name)
  const workloads = WORKLOADS.map(({ name }) => name)
  return new Command('npm run bench --')
    .description('Measures a bazaar of real processes next to peers: same work, in turns, by ratio; wrk loads.')
    .option('--quick', `short form: ${QUICK.rounds} round of ${QUICK.seconds} s at ${QUICK.connections} connections`)
    .option('--rounds <n>', `rounds of each (default: ${FULL.rounds})`, integer(1, 1_000))
    .option('--seconds <s>', `length of one turn (default: ${FULL.seconds})`, integer(1, 3_600))
    .option('--warm-up <s>', `seconds before each workload (default: ${FULL.warmUp})`, integer(0, 600))
    .option('--connections <a,b>', `connections of the load (default: ${FULL.connections})`, listOf(integer(1, 10_000)))
    .addOption(choiceOf('--workload <names>', 'workloads, or "all"', workloads, ['orders']))
    .addOption(choiceOf('--peers <names>', 'peers, "all" or "none"', peers, usualPeers, 'all but small machines'))
    .option('--open-loop', "then fixed rates: 50 and 80 % of the bazaar's peak, or of a lower own one")
    .option('--overload', "then three times each system's own peak")
    .option('--out <folder>', 'write JSON and Markdown there, named by date and time')
    .option('--json', 'print JSON instead of tables')
    .option('--temporary <folder>', 'where temporary folders are made: the disk that is measured', tmpdir())
    .option('--modules <folder>', 'folder with a node_modules of its own, for packages that a peer needs')
    .addHelpText('after', EXAMPLES)
    .exitOverride()
    .action(bench)
}

async function bench(options: Options): Promise<void> {
  wrkVersion() // Fails at once when wrk is missing.
  const stopping = new AbortController()
  onStopRequest(() => {
    if (stopping.signal.aborted) process.exit(INTERRUPTED)
    printAside('Stopping everything. Once more to kill it at once.')
    stopping.abort(new CommandFailure('interrupted'))
  })
  const command = ['npm run bench --', ...process.argv.slice(2)].join(' ')
  const { signal } = stopping
  const settings = settingsFrom(options)
  printAside(`About ${minutesOf(settings)} min.`)
  const results = await runBenchmark({ settings, command, signal, say: printAside }).catch((error: unknown) => {
    if (!signal.aborted) throw error
    return process.exit(INTERRUPTED)
  })
  if (options.out !== undefined) printAside(`Written: ${writeResults(options.out, results).join(', ')}`)
  if (options.json) printJson(results)
  else print(textReport(results))
  if (isFailed(results)) throw new CommandFailure('there were errors; see the marked runs')
}

/** Says whether a run has failed. At three times their peak, other programs may fail as they like. */
function isFailed({ runs, openRuns, overloadRuns }: Results): boolean {
  return [...runs, ...openRuns, ...overloadRuns.filter(({ system }) => system === SUBJECT)].some(hasErrors)
}

function settingsFrom(options: Options): Settings {
  const defaults = options.quick ? QUICK : FULL
  const workloads = WORKLOADS.filter(({ name }) => options.workload.includes(name))
  const isOfUse = ({ measures = () => true }: SystemKind) => workloads.some((workload) => measures(workload))
  return {
    rounds: options.rounds ?? defaults.rounds,
    seconds: options.seconds ?? defaults.seconds,
    warmUpSeconds: options.warmUp ?? defaults.warmUp,
    connections: options.connections ?? defaults.connections,
    workloads,
    stocks: workloads.find(({ stocks }) => stocks !== undefined)?.stocks,
    kinds: [...ALL_PEERS.filter((kind) => options.peers.includes(kind.name) && isOfUse(kind)), bazaar],
    openLoop: options.openLoop ?? false,
    overload: options.overload ?? false,
    temporary: options.temporary,
    modules: options.modules,
  }
}

function minutesOf({ openLoop, overload, workloads, kinds, ...settings }: Settings): number {
  const { rounds, seconds, warmUpSeconds, connections } = settings
  const loads = connections.length + (openLoop ? 2 : 0) + (overload ? 3 : 0)
  const turns = workloads.flatMap((workload) => kinds.filter((kind) => kind.measures?.(workload) ?? true)).length
  return Math.ceil((turns * (warmUpSeconds + rounds * loads * (seconds + 0.5)) + 10) / 60)
}

function choiceOf(
  flags: string,
  what: string,
  known: readonly string[],
  byDefault: readonly string[],
  words = byDefault.join(','),
): Option {
  return new Option(flags, what).default(byDefault, words).argParser(namesFrom(known))
}

function namesFrom(known: readonly string[]): (text: string) => readonly string[] {
  return (text) => {
    if (text === 'all') return known
    const names = text === 'none' ? [] : text.split(',')
    const unknown = names.find((name) => !known.includes(name))
    if (unknown === undefined) return names
    throw new InvalidArgumentError(`"${unknown}" is none of ${known.join(', ')}.`)
  }
}

const listOf =
  <T>(parse: (text: string) => T) =>
  (text: string): readonly T[] =>
    text.split(',').map(parse)

function exitCodeFor(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage
  for (let cause = error; cause !== undefined; cause = cause instanceof Error ? cause.cause : undefined) {
    printAside(`bench: ${wordsOf(cause)}`)
  }
  return error instanceof CommandFailure ? error.exitCode : EXIT.failed
}

try {
  await buildProgram().parseAsync(process.argv)
} catch (error) {
  process.exitCode = exitCodeFor(error)
}
