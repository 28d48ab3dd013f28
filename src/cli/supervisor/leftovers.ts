import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { sleep, type Clock } from '../../runtime/clock.ts'
import { isAlive, type ProcessState, type UpState } from './state-file.ts'

/** What a process that has lost its supervisor may take to end by itself. */
const GRACE_MS = 6_000
const LOOK_EVERY_MS = 50

/**
 * Ends processes that an earlier `up` left behind because it was killed while they were paused. They have lost their
 * supervisor, so that waking them is enough; what does not end then is killed.
 */
export async function endLeftovers(state: UpState, clock: Clock): Promise<readonly string[]> {
  const left = state.processes.filter(
    (each): each is ProcessState & { pid: number } => each.pid !== null && isStill(each),
  )
  for (const { pid } of left) signal(pid, 'SIGCONT')
  const killAtMs = clock.monotonicMs() + GRACE_MS
  while (left.some(isStill)) {
    if (clock.monotonicMs() >= killAtMs) for (const each of left.filter(isStill)) signal(each.pid, 'SIGKILL')
    await sleep(clock, LOOK_EVERY_MS)
  }
  return left.map(({ name }) => name)
}

/** Whether the pid still belongs to that process and not to a stranger. */
const isStill = ({ pid, args }: ProcessState): boolean =>
  pid !== null && isAlive(pid) && commandOf(pid).endsWith(`bazaar.js ${args.join(' ')}`)

function commandOf(pid: number): string {
  try {
    if (process.platform !== 'linux')
      return execFileSync('ps', ['-o', 'command=', '-p', `${pid}`], { encoding: 'utf8' }).trim()
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
  } catch {
    return ''
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch {
    // It is gone already, which is what was wanted.
  }
}
