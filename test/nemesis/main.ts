import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Command } from 'commander'
import { callersAreKnown } from './callers.ts'
import { findFaketime } from './clocks.ts'
import { compiledFolder } from './compiled.ts'
import { whyNoSmallDisk } from './disks.ts'
import { compileFailingDisk } from './failing-disk.ts'
import { FAILING_DISKS, FAULT_KINDS, FAULTS, type FaultKind } from './faults.ts'
import { kinds, positive } from './options.ts'
import { planRound } from './plan.ts'
import { summarize, summaryLines, tallyOf, writeFailure, type Summary, type Tally } from './report.ts'
import { playRound, type RoundOptions } from './round.ts'

interface Options {
  readonly rounds: number
  readonly seed: number
  readonly seconds: number
  readonly clients: number
  readonly faults: readonly FaultKind[]
  readonly out: string
  readonly faketime?: string
  readonly transcript?: boolean
  readonly json?: boolean
  /** The kinds among `faults` that have to come. */
  readonly require: readonly FaultKind[]
}

/** How often each required fault is planned at least, since one may have to be left out. */
const TIMES_PLANNED = 2
const SEEDS_TRIED = 10_000
const LACKING = 3
const INTERRUPTED = 130

const HELP = `
Faults:
${FAULT_KINDS.map((kind) => `  ${kind.padEnd(16)}${FAULTS[kind].what}`).join('\n')}

The seed decides the faults, their times and targets; what meets what differs from run to run, so a failure may need
several tries. Exit codes: 0 every promise was kept, 1 one was broken,
2 called wrongly, 3 a kind of fault that was required cannot be had here, or has not come, 130 interrupted.

Examples:
  npm run fault                                    ten rounds, other ones each time
  npm run fault -- --seed 8412                     the one round of a seed
  npm run fault -- --rounds 100 --seconds 8        a long run
  npm run fault -- --require clock,failing-disk    fails where one of the two would be skipped
  npm run fault -- --faults kill,pause,partition   only these`

const program = new Command('npm run fault --')
  .description('Brings faults upon systems of real processes under load, and checks that every promise was kept.')
  .option('--rounds <n>', 'how many systems, one after the other (default: 10; 1 with --seed)', positive)
  .option('--seed <n>', 'seed of the first round; the next rounds take the next ones (default: any)', positive)
  .option('--seconds <n>', 'how long faults come in a round', positive, 6)
  .option('--clients <n>', 'clients that trade and look at once', positive, 6)
  .option('--faults <list>', 'kinds of faults, separated by commas (default: all)', kinds(FAULT_KINDS))
  .option('--out <folder>', 'where failures are written', join(tmpdir(), 'bazaar-nemesis-failures'))
  .option('--faketime <library>', 'libfaketimeMT.so.1, where it is not installed by the system')
  .option('--transcript', 'tell what happened in every round')
  .option('--json', 'the summary as JSON')
  .option(
    '--require <list>',
    'kinds that have to come: without a seed, one is chosen that brings them; exit with 3 where one cannot be had',
    kinds(FAULT_KINDS),
  )
  .addHelpText('after', HELP)
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2))
  .action(async (given: Partial<Options>) => {
    const rounds = given.rounds ?? (given.seed === undefined ? 10 : 1)
    const options = { faults: FAULT_KINDS, require: [], ...given, rounds } as Omit<Options, 'seed'>
    process.exitCode = await run({ ...options, seed: given.seed ?? seedThatBringsAll(options) })
  })

/** Returns a seed from which on the rounds bring every required kind. */
function seedThatBringsAll({ rounds, seconds, faults, require: required }: Omit<Options, 'seed'>): number {
  const anySeed = (Date.now() % 1_000_000) + 1
  const brings = (first: number) => {
    const plans = Array.from({ length: rounds }, (_, at) => planRound(first + at, faults, seconds, () => false))
    const kinds = plans.flatMap(({ steps }) => steps.map(({ kind }) => kind))
    return required.every((kind) => kinds.filter((each) => each === kind).length >= TIMES_PLANNED)
  }
  for (let seed = anySeed; seed < anySeed + SEEDS_TRIED; seed++) if (brings(seed)) return seed
  return anySeed
}

async function run(options: Options): Promise<number> {
  const faketime = options.faketime ?? findFaketime()
  if (faketime !== undefined && !existsSync(faketime)) {
    say(`${faketime} is not there`)
    return LACKING
  }
  const compiledTo = compiledFolder()
  const failsDisk = FAILING_DISKS.some((kind) => options.faults.includes(kind))
  const shim = failsDisk ? compileFailingDisk(compiledTo) : { why: 'not asked for' }
  const failingDisk = 'library' in shim ? shim.library : undefined
  const skipped = whatIsMissing(options.faults, faketime, 'why' in shim ? shim.why : undefined)
  const missing = new Set(options.faults.filter((kind) => kind in skipped))
  for (const [kind, why] of Object.entries(skipped)) say(`SKIPPED ${kind}: ${why}`)
  if (options.require.some((kind) => missing.has(kind))) return LACKING
  const results: Tally[] = []
  for (let round = 0; round < options.rounds; round++) {
    const { seconds, clients, faults } = options
    const chosen = { seed: options.seed + round, seconds, clients, kinds: faults, missing, faketime, failingDisk, compiledTo }
    results.push(await playOne(chosen, options))
  }
  const summary = summarize(results, skipped)
  console.log(options.json ? JSON.stringify(summary) : summaryLines(summary).join('\n'))
  const absent = options.require.filter((kind) => summary.faults[kind] === undefined)
  if (absent.length > 0) say(`REQUIRED, but it has not come: ${absent.join(', ')}; take more rounds`)
  if (summary.violations > 0) return 1
  return absent.length > 0 ? LACKING : 0
}

async function playOne(round: RoundOptions, { out, transcript, faults }: Options): Promise<Tally> {
  const result = await playRound(round)
  const { seed, strikes, history, violations } = result
  const longestMs = Math.round(Math.max(0, ...result.longestPauseMs.values()))
  const checked = `${history.operations.length} operations, ${history.log.length} orders`
  const told = `${strikes.length} faults, ${checked}, longest pause ${longestMs} ms`
  say(`seed ${seed}: ${told}, ${violations.length === 0 ? 'ok' : `${violations.length} VIOLATIONS`}`)
  if (transcript) for (const line of result.transcript) say(`  ${line}`)
  if (violations.length > 0) {
    for (const violation of violations) say(`  ${violation.slice(0, 2_000)}`)
    say(`  history, transcript and logs: ${writeFailure(out, result)}`)
    const only = faults === FAULT_KINDS ? '' : ` --faults ${faults.join(',')}`
    say(`  repeat it: npm run fault -- --seed ${seed} --seconds ${round.seconds} --clients ${round.clients}${only}`)
  }
  return tallyOf(result)
}

function whatIsMissing(
  kinds: readonly FaultKind[],
  faketime: string | undefined,
  whyNoFailingDisk: string | undefined,
): Summary['skipped'] {
  const missing: [FaultKind, string | undefined][] = [
    ['full-disk', kinds.includes('full-disk') ? whyNoSmallDisk() : undefined],
    ...FAILING_DISKS.map((kind) => [kind, whyNoFailingDisk] as [FaultKind, string | undefined]),
    ['clock', faketime === undefined ? 'libfaketime is not installed (Debian: apt install faketime)' : undefined],
    ['forget', callersAreKnown ? undefined : 'only Linux tells who holds a connection'],
    ['partition', callersAreKnown ? undefined : 'only Linux tells who holds a connection'],
    ['slow', callersAreKnown ? undefined : 'only Linux tells who holds a connection'],
    ['reset', callersAreKnown ? undefined : 'only Linux tells who holds a connection'],
  ]
  return Object.fromEntries(missing.filter(([kind, why]) => kinds.includes(kind) && why !== undefined))
}

const say = (line: string): void => void process.stderr.write(`${line}\n`)

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(INTERRUPTED))
await program.parseAsync()
process.exit() // Kept connections of gRPC clients would hold it.
