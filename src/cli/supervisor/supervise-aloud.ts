import { join } from 'node:path'
import type { Clock } from '../../runtime/clock.ts'
import { wordsOf } from '../failure.ts'
import { sentence, writeToJournal } from './journal.ts'
import type { ProcessEvent } from './kept-process.ts'
import { LogFile } from './log-file.ts'
import { frontEndAddress, processesOf, type ClusterPlan } from './plan.ts'
import { writeUpState } from './state-file.ts'
import { Supervisor } from './supervisor.ts'

/** A supervisor for the plan that keeps its journal and <data>/up.json, and says what goes wrong. */
export function superviseAloud(plan: ClusterPlan, clock: Clock, say: (line: string) => void): Supervisor {
  const { data } = plan
  const startedAt = new Date(clock.wallMs()).toISOString()
  const logFolder = join(data, 'logs')
  const journal = new LogFile(join(logFolder, 'supervisor.log'), 'supervisor')
  const tell = (event: ProcessEvent) => {
    if (event.kind !== 'started' || event.restarts > 0) say(sentence(event))
    const processes = supervisor.states()
    try {
      journal.rotateWhenLarge()
      writeToJournal(journal.path, event, clock)
      writeUpState(data, { pid: process.pid, startedAt, frontEnd: frontEndAddress(plan), processes })
    } catch (error) {
      // A full disk is no reason to end a system that may go on reading.
      say(`Cannot write to ${data}: ${wordsOf(error)}`)
    }
  }
  const supervisor = new Supervisor({ plans: processesOf(plan), logFolder, clock, tell })
  return supervisor
}
