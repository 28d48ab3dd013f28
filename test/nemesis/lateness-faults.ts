import { spawn } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { SeededRandom } from '../checkers/seeded-random.ts'
import type { Scene, Step } from './scene.ts'
import { namesOf } from './targets.ts'

/** Only connections that stand still, or are kept for later, are idle for so long. */
const FORGOTTEN_AFTER_MS = 500
const BUSY_MAX = 8
/** A program that ends by itself, whatever becomes of its starter. */
const BUSY_LOOP = 'for (const end = Date.now() + Number(process.argv[1]); Date.now() < end; );'

/** Forgets idle connections as a router does, or all of them as a restarted router does. Kept connections are among them. */
export async function forgetIdle({ fleet, tell, last }: Scene, step: Step): Promise<void> {
  const [name = ''] = await namesOf(step.targets, fleet)
  tell(`SIGSTOP ${name} for ${FORGOTTEN_AFTER_MS + step.lastsMs} ms`)
  const resume = fleet.pause(name)
  await sleep(FORGOTTEN_AFTER_MS)
  const idleMs = new SeededRandom(step.roll).pick([0, FORGOTTEN_AFTER_MS / 2])
  tell(`${fleet.forgetIdle(name, idleMs)} connections of ${name} are forgotten`)
  await last(step)
  tell(`SIGCONT ${name}`)
  resume()
}

/** Lets other programs use the processors, so that every process gets few turns. */
export async function starve({ tell, last }: Scene, step: Step): Promise<void> {
  const count = new SeededRandom(step.roll).integer(2, BUSY_MAX)
  tell(`${count} busy loops use the processors for ${step.lastsMs} ms`)
  const loops = Array.from({ length: count }, () => spawn(process.execPath, ['-e', BUSY_LOOP, `${step.lastsMs}`], { stdio: 'ignore' }))
  await last(step)
  for (const loop of loops) loop.kill('SIGKILL')
}
