import { mkdirSync, realpathSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Clock } from '../../runtime/clock.ts'
import { lockFolder, type InodeLock } from '../../storage/embedded/file/inode-lock.ts'
import { CommandFailure, wordsOf } from '../failure.ts'
import { removeControlFile } from './control-file.ts'
import { endLeftovers } from './leftovers.ts'
import { isStillAlive } from './process-identity.ts'
import { readUpState, removeUpState, type UpState } from './state-file.ts'

/** A data folder that this process alone supervises. The lock is on the folder itself, and ends with the process. */
export interface ClaimedFolder extends InodeLock {
  /**
   * The path of the folder itself, without symbolic links. A link that is changed later leads others elsewhere, but not this
   * system.
   */
  readonly path: string
}

/**
 * Makes the data folder this process's own.
 * @throws CommandFailure when another `up` runs on the folder, when nobody can know that, or when it cannot be used.
 */
export function claimFolder(data: string): ClaimedFolder {
  let path: string
  try {
    // The path has to be absolute. Where the working folder was removed, Node would try for ever to make the folders above a
    // relative path.
    mkdirSync(resolve(data, 'logs'), { recursive: true })
    path = realpathSync(data)
  } catch (error) {
    throw new CommandFailure(`cannot use ${data} for data: ${wordsOf(error)}. Choose another folder with --data.`)
  }
  const lock = lockOrFail(path)
  if (lock) return { ...lock, path }
  const reading = readUpState(path)
  throw inUse(path, reading.kind === 'read' ? reading.state : undefined)
}

function lockOrFail(path: string): InodeLock | undefined {
  try {
    return lockFolder(path)
  } catch (error) {
    throw new CommandFailure(
      `cannot lock ${path}, so nobody knows whether another \`bazaar up\` runs there: ${wordsOf(error)}. ` +
        'Remove the cause, or choose another folder with --data.',
    )
  }
}

const inUse = (data: string, holder: UpState | undefined): CommandFailure =>
  new CommandFailure(
    `${data} is in use by another \`bazaar up\`${holder ? ` (pid ${holder.pid})` : ''}. Stop that one, or start a second system with ` +
      '--data OTHER --port 0 --catalog-port 0 --order-ports 0,0,0.',
  )

/**
 * Ends the processes that an earlier run on the folder has left. Call it with the folder claimed.
 * @throws CommandFailure when their supervisor still lives, as can be on a file system whose locks do not hold.
 */
export async function endWhatIsLeft(data: string, clock: Clock, say: (line: string) => void): Promise<void> {
  const reading = readUpState(data)
  if (reading.kind === 'none') return
  if (reading.kind === 'unusable') return say(`${reading.why}: nothing is ended because of it.`)
  if (reading.state.pid !== process.pid && isStillAlive(reading.state)) throw inUse(data, reading.state)
  const ended = await endLeftovers(reading.state, clock)
  if (ended.length > 0) say(`Ended what an earlier run had left: ${ended.join(', ')}.`)
  removeUpState(data)
  removeControlFile(data)
}
