import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { Command, InvalidArgumentError } from 'commander'
import { FAULT_MIXES } from './fault-mixes.ts'
import { mixOf, simulate, type RunResult } from './simulation.ts'
import type { Batch, BatchResult } from './worker.ts'

/** The garbage of a whole run fits into it. So a run is a tenth faster than with the default of 16. */
const YOUNG_GENERATION_MB = 64
/** Time between two lines of progress in a log. */
const LOG_INTERVAL_MS = 60_000
/** Seeds given to a worker at a time. */
const BATCH_RUNS = 20

interface Options {
  readonly seed?: number
  readonly from: number
  readonly runs: number
  readonly workers: number
  readonly json: boolean
  readonly untilViolation: boolean
  readonly minutes?: number
  readonly mix: string
}

const count = (text: string): number => {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 0) throw new InvalidArgumentError('a whole number is wanted')
  return value
}

const partOfAMix = (text: string): string => {
  const names = FAULT_MIXES.map(({ name }) => name)
  if (names.some((name) => name.includes(text))) return text
  throw new InvalidArgumentError(`it is in none of: ${names.join(', ')}`)
}

const program = new Command('sim')
  .description('Runs the real services on a simulated clock, network and disks, through the faults that a seed decides.')
  .option('--seed <n>', 'one run, with its transcript', count)
  .option('--from <n>', 'first seed of a sweep', count, 1)
  .option('--runs <n>', 'how many seeds', count, 200)
  .option('--workers <n>', 'threads', count, availableParallelism())
  .option('--until-violation', 'stop at the first violation', false)
  .option('--minutes <n>', 'begin no further runs after this time, and exit with 1 when some were left', count)
  .option('--mix <text>', 'only seeds that decide on a mix of faults with this in its name', partOfAMix, '')
  .option('--json', 'one JSON line instead of words', false)
  .addHelpText(
    'after',
    '\nExamples:\n  npm run sim -- --runs 1000\n  npm run sim -- --seed 8412\n  npm run sim -- --runs 1000 --mix ledger',
  )
  .action((options: Options) => (options.seed === undefined ? sweep(options) : repeat(options.seed)))

/** Runs one seed, and prints its transcript. */
async function repeat(seed: number): Promise<void> {
  const result = await simulate(seed, { keepTrace: true })
  console.log(result.trace.join('\n'))
  console.log(`\nseed ${seed} (${result.mix}): ${result.events} events, ${result.operations.length} calls, ${result.log.length} orders`)
  tellViolations(result)
}

let toldAt = performance.now()

/** Shows the progress: on a terminal in one line that changes, in a log by a line now and then. */
function tellProgress(line: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r${line} `)
  else if (performance.now() - toldAt > LOG_INTERVAL_MS) {
    toldAt = performance.now()
    process.stderr.write(`${line}\n`)
  }
}

async function sweep({ from, runs, workers, json, untilViolation, minutes = Infinity, mix }: Options): Promise<void> {
  const started = performance.now()
  const total = { runs: 0, events: 0, operations: 0, orders: 0, violations: 0, firstFailedSeed: -1, firstViolation: '' }
  const seeds = seedsOf(from, runs, mix)
  const takeBatch = (): Batch | undefined => {
    if (untilViolation && total.violations > 0) return undefined
    if (performance.now() - started > minutes * 60_000) return undefined
    const batch = Array.from({ length: BATCH_RUNS }, () => seeds.next().value).filter((seed) => seed !== undefined)
    return batch.length > 0 ? { seeds: batch, untilViolation } : undefined
  }
  const add = (result: BatchResult) => {
    total.runs += result.runs
    total.events += result.events
    total.operations += result.operations
    total.orders += result.orders
    for (const failed of result.failed) {
      total.violations += 1
      if (total.firstFailedSeed < 0 || failed.seed < total.firstFailedSeed) {
        total.firstFailedSeed = failed.seed
        total.firstViolation = failed.violations[0] ?? ''
      }
      if (!json) tellViolations(failed)
    }
    tellProgress(`${total.runs} of ${runs} runs, ${total.violations} violations`)
  }
  await Promise.all(Array.from({ length: workers }, () => runWorker(takeBatch, add)))
  const isCutShort = total.runs < runs && !(untilViolation && total.violations > 0)
  if (total.violations > 0 || isCutShort) process.exitCode = 1
  const seconds = (performance.now() - started) / 1_000
  if (process.stderr.isTTY) process.stderr.write('\n')
  if (json) console.log(JSON.stringify({ ...total, from, seconds, isCutShort }))
  else {
    const each = Math.round(total.events / Math.max(1, total.runs))
    console.log(
      `${total.runs} runs from seed ${from} in ${seconds.toFixed(1)} s: ${each} events each, ${total.operations} calls, ` +
        `${total.orders} orders, ${total.violations} violations`,
    )
    if (isCutShort) console.log(`CUT SHORT: only ${total.runs} of ${runs} runs within ${minutes} minutes`)
  }
}

/** Returns `runs` seeds, beginning with `from`, whose mix of faults has `mix` in its name. */
function* seedsOf(from: number, runs: number, mix: string): Generator<number, void> {
  let left = runs
  for (let seed = from; left > 0; seed += 1) {
    if (!mixOf(seed).name.includes(mix)) continue
    left -= 1
    yield seed
  }
}

function runWorker(takeBatch: () => Batch | undefined, add: (result: BatchResult) => void): Promise<void> {
  const worker = new Worker(new URL('./worker.ts', import.meta.url), { resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB } })
  return new Promise((resolve, reject) => {
    const feed = () => {
      const batch = takeBatch()
      if (batch) worker.postMessage(batch)
      else void worker.terminate().then(() => resolve())
    }
    worker.on('message', (result: BatchResult) => {
      add(result)
      feed()
    })
    worker.on('error', reject)
    feed()
  })
}

function tellViolations({ seed, mix, violations }: Pick<RunResult, 'seed' | 'mix' | 'violations'>): void {
  if (violations.length === 0) return
  process.exitCode = 1
  console.log(`VIOLATION in mix "${mix}": ${violations[0]}\n  repeat it: npm run sim -- --seed ${seed}`)
}

await program.parseAsync()
