import { spawn } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { Command } from 'commander'
import type { PlantedBug } from './planted-bug.ts'
import { PLANTED_BUGS } from './planted-bugs.ts'

interface Options {
  readonly runs: string
  readonly only?: string
  readonly workers: string
  readonly json: boolean
}

/** The result of a hunt for one planted bug. */
interface Hunt {
  readonly bug: string
  readonly rule: string
  /** The first seed that shows the bug, or null. */
  readonly seed: number | null
  readonly violation: string
  readonly seconds: number
}

/** Sweeps seeds with one bug planted, until a violation shows it. */
async function hunt({ name, what }: PlantedBug, runs: string): Promise<Hunt> {
  const path = (file: string) => fileURLToPath(new URL(file, import.meta.url))
  const child = spawn(
    process.execPath,
    ['--import', path('./plant.ts'), path('./main.ts'), '--runs', runs, '--workers', '1', '--json', '--until-violation'],
    { env: { ...process.env, SIM_PLANTED_BUG: name }, stdio: ['ignore', 'pipe', 'inherit'] },
  )
  let out = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text
  })
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', resolve)
  })
  const total = parse(out)
  if (!total) throw new Error(`${name}: the simulation ended with code ${code}: ${out}`)
  const { firstFailedSeed, firstViolation, seconds } = total
  const seed = firstFailedSeed < 0 ? null : firstFailedSeed
  return { bug: name, rule: what, seed, violation: firstViolation, seconds: Math.round(seconds * 10) / 10 }
}

function parse(out: string): { firstFailedSeed: number; firstViolation: string; seconds: number } | undefined {
  try {
    return JSON.parse(out)
  } catch {
    return undefined
  }
}

async function huntAll({ runs, only, workers, json }: Options): Promise<void> {
  const bugs = PLANTED_BUGS.filter(({ name }) => only === undefined || name === only)
  if (bugs.length === 0) throw new Error(`no planted bug is called "${only}"`)
  const hunts: Hunt[] = []
  const waiting = [...bugs]
  const work = async () => {
    for (let bug = waiting.shift(); bug; bug = waiting.shift()) {
      const result = await hunt(bug, runs)
      hunts.push(result)
      const found = result.seed === null ? `MISSED within ${runs} seeds` : `found at seed ${result.seed}`
      process.stderr.write(`${hunts.length} of ${bugs.length}: ${bug.name} ${found} (${result.seconds} s)\n`)
    }
  }
  await Promise.all(Array.from({ length: Number(workers) }, work))
  hunts.sort((a, b) => orderOf(a) - orderOf(b))
  console.log(json ? JSON.stringify(hunts) : tableOf(hunts))
  if (hunts.some(({ seed }) => seed === null)) process.exitCode = 1
}

const orderOf = ({ bug }: Hunt): number => PLANTED_BUGS.findIndex(({ name }) => name === bug)

/** Returns the results as a table in Markdown. */
function tableOf(hunts: readonly Hunt[]): string {
  const rows = hunts.map(({ bug, rule, seed, violation, seconds }) => [
    `\`${bug}\``,
    rule,
    seed === null ? 'MISSED' : String(seed),
    wordsOf(violation),
    String(seconds),
  ])
  const head = ['planted bug', 'rule that it breaks', 'first seed', 'what is violated', 'seconds']
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

/** Returns the name of the check that found a violation: its number, or "history" and the checker's rule. */
const wordsOf = (violation: string): string =>
  (/^(history: [^:]+|\d+|[^:]{1,60})/.exec(violation)?.[0] ?? violation).replace('history: ', '')

await new Command('sim:bugs')
  .description('Plants one mistake after the other into the services and sees that the simulation finds each.')
  .option('--runs <n>', 'seeds to try for each, from 1 on', '1000')
  .option('--only <name>', 'one planted bug')
  .option('--workers <n>', 'hunts at a time', String(availableParallelism()))
  .option('--json', 'one JSON array instead of a table', false)
  .addHelpText('after', '\nExamples:\n  npm run sim:bugs\n  npm run sim:bugs -- --only pushes-not-awaited')
  .action(huntAll)
  .parseAsync()
