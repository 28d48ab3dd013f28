import { join } from 'node:path'
import type { Clock } from '../../runtime/clock.ts'
import { wordsOf } from '../failure.ts'
import { writeControlFile } from './control-file.ts'
import type { ControlServer } from './control-server.ts'
import type { ClaimedFolder } from './folder.ts'
import { sentence, writeToJournal } from './journal.ts'
import type { ProcessEvent } from './kept-process.ts'
import { LogFile } from './log-file.ts'
import { frontEndAddress, processesOf, type ClusterPlan } from './plan.ts'
import { birthOf } from './process-identity.ts'
import { writeUpState } from './state-file.ts'
import { Supervisor } from './supervisor.ts'

/**
 * Returns a supervisor for the plan. It keeps its journal, <data>/up.json and <data>/control.json, tells the readers of the
 * control port what happens, and says what goes wrong. When the folder is not the claimed one any more, it writes nothing and
 * starts nothing: the folder may hold somebody else's system.
 */
export function superviseAloud(
  plan: ClusterPlan,
  folder: ClaimedFolder,
  clock: Clock,
  control: ControlServer | undefined,
  say: (line: string) => void,
): Supervisor {
  const { data } = plan
  const bornAt = birthOf(process.pid) ?? ''
  const obstacle = () =>
    folder.isInPlace() ? undefined : `${data} was moved, removed or replaced: put it back, or stop this and start it anew`
  const startedAt = new Date(clock.wallMs()).toISOString()
  const logFolder = join(data, 'logs')
  const journal = new LogFile(join(logFolder, 'supervisor.log'), 'supervisor')
  const troubles = new Set<string>()
  /**
   * Tries to write, and tells of each trouble once. A full disk or a missing right is no reason to end a system that may go
   * on.
   */
  const attempt = (write: () => void) => {
    try {
      write()
    } catch (error) {
      const words = `Cannot write to ${data}: ${wordsOf(error)}`
      if (!troubles.has(words)) say(words)
      troubles.add(words)
    }
  }
  const state = { pid: process.pid, bornAt, startedAt, frontEnd: frontEndAddress(plan), folder: folder.identity }
  const tell = (event: ProcessEvent) => {
    control?.tell(event)
    if (event.kind !== 'started' || event.restarts > 0) say(sentence(event))
    if (!folder.isInPlace()) return
    const processes = supervisor.states()
    // This file comes first, since other commands rely on it.
    attempt(() => writeUpState(data, { ...state, ...(control && { control: control.address }), processes }))
    journal.rotateWhenLarge()
    attempt(() => writeToJournal(journal.path, event, clock))
  }
  const supervisor = new Supervisor({ plans: processesOf(plan), logFolder, clock, tell, obstacle })
  if (control) attempt(() => writeControlFile(data, { control: control.address, token: control.token, url: control.url }))
  return supervisor
}
