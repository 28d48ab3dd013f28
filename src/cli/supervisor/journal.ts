import { appendFileSync } from 'node:fs'
import type { Clock } from '../../runtime/clock.ts'
import { duration } from '../units.ts'
import type { ProcessEvent } from './kept-process.ts'
import { requireNoPipe } from './no-pipe.ts'

/** pino's numbers. */
const INFO = 30
const WARN = 40
const ERROR = 50

const LEVEL: Readonly<Record<ProcessEvent['kind'], number>> = {
  started: INFO,
  died: WARN,
  paused: WARN,
  resumed: INFO,
  'log-trouble': WARN,
  'keeps-dying': ERROR,
}

/** Adds an event to the supervisor's own log. The format is that of the other logs, so that `logs` shows the event among them. */
export function writeToJournal(path: string, event: ProcessEvent, clock: Clock): void {
  const line = {
    level: LEVEL[event.kind],
    time: new Date(clock.wallMs()).toISOString(),
    name: 'supervisor',
    msg: sentence(event),
  }
  requireNoPipe(path)
  appendFileSync(path, `${JSON.stringify(line)}\n`)
}

/** Returns the event in words. */
export function sentence(event: ProcessEvent): string {
  switch (event.kind) {
    case 'started':
      return event.restarts === 0 ? `${event.name} started (pid ${event.pid})` : `${event.name} started again (pid ${event.pid})`
    case 'died':
      return `${event.name} ended (${event.how}) after ${duration(event.livedMs)}; again in ${duration(event.delayMs)}`
    case 'paused':
      return `${event.name} was paused (pid ${event.pid})`
    case 'resumed':
      return `${event.name} goes on (pid ${event.pid})`
    case 'log-trouble':
      return `${event.name}: ${event.logPath} cannot be written or cut (${event.why}); it runs on all the same`
    case 'keeps-dying':
      return (
        `${event.name} keeps ending, ${event.times} times now (${event.how}).\n` +
        `  Its last words: ${event.lastWords || '(none)'}\n` +
        `  All of them:    ${event.logPath}\n` +
        '  It is started again at least every 5 s: remove the cause while this runs, or stop with Ctrl-C.'
      )
  }
}
