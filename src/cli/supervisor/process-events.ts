import type { ProcessEventData } from '../../http/control.ts'
import type { ProcessEvent } from './kept-process.ts'

/** Returns what readers of the control port are told of an event. Trouble with logs is left out: `up` itself prints it. */
export function eventsOf(event: ProcessEvent, atMs: number): readonly ProcessEventData[] {
  const { name } = event
  switch (event.kind) {
    case 'started':
    case 'paused':
    case 'resumed':
      return [{ name, event: event.kind, pid: event.pid, atMs }]
    case 'died': {
      const { pid, signal, code, delayMs } = event
      return [
        { name, event: 'exited', pid, signal, code, atMs },
        { name, event: 'backing-off', pid, atMs, delayMs },
      ]
    }
    case 'log-trouble':
    case 'keeps-dying':
      return []
  }
}
