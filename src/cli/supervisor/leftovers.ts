import { sleep, type Clock } from '../../runtime/clock.ts'
import { CommandFailure } from '../failure.ts'
import { isStill, type ProcessState, type UpState } from './state-file.ts'

/** Time that a process without its supervisor may take to end by itself. */
const GRACE_MS = 6_000
const LOOK_EVERY_MS = 50
/** Time that the kernel may take to end a killed process. */
const KILL_GRACE_MS = 2_000

/**
 * Ends processes that an earlier `up` left behind because it was killed while they were paused. Call it when that `up` is
 * known to be gone. A process that has lost its supervisor ends once it is woken. A process that does not end is killed. A
 * process gets a signal only when it is proven to be the one that was written down.
 * @throws CommandFailure that names the processes that cannot be killed. They may be another user's.
 */
export async function endLeftovers(state: UpState, clock: Clock): Promise<readonly string[]> {
  const left = state.processes.filter((each): each is ProcessState & { pid: number } => each.pid !== null && isStill(each))
  for (const { pid } of left) signal(pid, 'SIGCONT')
  const killAtMs = clock.monotonicMs() + GRACE_MS
  while (left.some(isStill)) {
    if (clock.monotonicMs() >= killAtMs + KILL_GRACE_MS) throw cannotEnd(left.filter(isStill))
    if (clock.monotonicMs() >= killAtMs) for (const each of left.filter(isStill)) signal(each.pid, 'SIGKILL')
    await sleep(clock, LOOK_EVERY_MS)
  }
  return left.map(({ name }) => name)
}

const cannotEnd = (left: readonly ProcessState[]): CommandFailure =>
  new CommandFailure(
    `an earlier run left ${left.map(({ name, pid }) => `${name} (pid ${pid})`).join(', ')}, which cannot be ended from here: end it first`,
  )

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch {
    // The process is gone already, as is wanted.
  }
}
