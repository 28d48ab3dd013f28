import { spawn } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { Command } from 'commander'
import { PLANTED_BUGS, type PlantedBug } from './planted-bugs.ts'

interface Options {
  readonly runs: string
  readonly only?: string
}

interface Found {
  readonly bug: PlantedBug
  readonly runs: number
  readonly seed: number
  readonly violation: string
}

/** Sweeps seeds with one bug planted, until a violation shows it. */
function hunt(bug: PlantedBug, runs: string): Promise<Found> {
  const path = (file: string) => fileURLToPath(new URL(file, import.meta.url))
  const child = spawn(
    process.execPath,
    ['--import', path('./plant.ts'), path('./main.ts'), '--runs', runs, '--workers', '1', '--json', '--until-violation'],
    { env: { ...process.env, SIM_PLANTED_BUG: bug.name }, stdio: ['ignore', 'pipe', 'inherit'] },
  )
  let out = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => {
      try {
        const total = JSON.parse(out) as { runs: number; firstFailedSeed: number; firstViolation: string }
        resolve({ bug, runs: total.runs, seed: total.firstFailedSeed, violation: total.firstViolation })
      } catch {
        reject(new Error(`${bug.name}: the simulation ended with code ${code}: ${out}`))
      }
    })
  })
}

async function huntAll({ runs, only }: Options): Promise<void> {
  const waiting = PLANTED_BUGS.filter(({ name }) => only === undefined || name === only)
  const missed: string[] = []
  const work = async () => {
    for (let bug = waiting.shift(); bug; bug = waiting.shift()) {
      const { seed, violation } = await hunt(bug, runs)
      if (seed < 0) missed.push(bug.name)
      console.log(seed < 0 ? `MISSED ${bug.name}` : `| \`${bug.name}\` | ${bug.what} | ${seed} | ${violation.slice(0, 110)} |`)
    }
  }
  await Promise.all(Array.from({ length: availableParallelism() }, work))
  if (missed.length > 0) {
    console.log(`${missed.length} planted bugs not found within ${runs} seeds: ${missed.join(', ')}`)
    process.exitCode = 1
  }
}

await new Command('sim:bugs')
  .description('Plants one mistake after the other into the services and sees that the simulation finds each.')
  .option('--runs <n>', 'seeds to try for each', '1000')
  .option('--only <name>', 'one planted bug')
  .addHelpText('after', '\nExamples:\n  npm run sim:bugs\n  npm run sim:bugs -- --only pushes-not-awaited')
  .action(huntAll)
  .parseAsync()
