import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock } from '../../runtime/clock.ts'
import { lockFile, type FileLock } from '../../storage/embedded/lock.ts'
import { CommandFailure, wordsOf } from '../failure.ts'
import { endLeftovers } from './leftovers.ts'
import { readUpState, removeUpState } from './state-file.ts'

/**
 * Makes the data folder this process's own. The lock ends with the process, however that ends.
 * @throws CommandFailure when another `up` runs on the folder, or it cannot be used.
 */
export function claimFolder(data: string): FileLock {
  try {
    mkdirSync(join(data, 'logs'), { recursive: true })
  } catch (error) {
    throw new CommandFailure(`cannot use ${data} for data: ${wordsOf(error)}. Choose another folder with --data.`)
  }
  try {
    return lockFile(join(data, 'up'))
  } catch (error) {
    const holder = readUpState(data)?.pid
    if (holder === undefined) throw new CommandFailure(`cannot lock ${data}: ${wordsOf(error)}`)
    throw new CommandFailure(
      `${data} is in use by another \`bazaar up\` (pid ${holder}). Stop that one, or start a second system with ` +
        '--data OTHER --port 0 --catalog-port 0 --order-ports 0,0,0.',
    )
  }
}

/** Ends processes of an earlier run on the folder; call with the folder claimed. */
export async function endWhatIsLeft(data: string, clock: Clock, say: (line: string) => void): Promise<void> {
  const state = readUpState(data)
  if (!state) return
  const ended = await endLeftovers(state, clock)
  if (ended.length > 0) say(`Ended what an earlier run had left: ${ended.join(', ')}.`)
  removeUpState(data)
}
