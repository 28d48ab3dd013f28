import type { ControlledProcess } from '../http/control.ts'
import { joinAddress } from '../runtime/address.ts'
import { CommandFailure } from './failure.ts'
import { RunningSystem } from './running-system.ts'
import { readRunningState } from './supervisor/state-file.ts'
import { frontEndOf, type TargetOptions } from './target.ts'

/**
 * Returns how `bazaar up` says that its processes are, when the options mean the system on their data folder. Returns
 * undefined when they mean another one, or when this user may not ask.
 */
export async function supervisedProcesses(options: TargetOptions): Promise<readonly ControlledProcess[] | undefined> {
  const { host, port } = frontEndOf(options)
  if (readRunningState(options.data)?.frontEnd !== joinAddress(host, port)) return undefined
  try {
    const system = new RunningSystem(options.data)
    return await system.processes().finally(() => system.close())
  } catch (error) {
    if (error instanceof CommandFailure) return undefined
    throw error
  }
}
