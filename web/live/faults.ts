import type { LiveProcess } from '../../src/http/live.ts'
import type { ProcessEventData } from '../../src/http/control.ts'

/** How long a fault stays in memory after its end: as long as the chart can show. */
const KEPT_MS = 15 * 60_000

/** A time in which a process was gone or did not move. */
export interface Fault {
  readonly name: string
  readonly kind: 'killed' | 'paused' | 'gone'
  readonly fromMs: number
  /** undefined while it lasts. */
  readonly toMs?: number
}

/** Returns the faults after an event of the control port. That port knows best, since it sent the signal. */
export function afterControlEvent(faults: readonly Fault[], event: ProcessEventData): readonly Fault[] {
  const { name, atMs } = event
  if (event.event === 'exited') return begun(faults, { name, kind: 'killed', fromMs: atMs })
  if (event.event === 'paused') return begun(faults, { name, kind: 'paused', fromMs: atMs })
  if (event.event === 'resumed') return ended(faults, atMs, (fault) => fault.name === name)
  // A process that was started is not back yet: the next look that reaches it says when.
  if (event.event === 'started')
    return faults.map((fault) => (fault.name === name && fault.toMs === undefined ? { ...fault, kind: 'gone' } : fault))
  return faults
}

/** Returns the faults after a look at all processes, as the front end sees them. */
export function afterLook(faults: readonly Fault[], processes: readonly LiveProcess[], nowMs: number): readonly Fault[] {
  let next = ended(
    faults,
    nowMs,
    (fault) => fault.kind === 'gone' && processes.some(({ name, reachable }) => reachable && name === fault.name),
  )
  for (const { name, reachable } of processes) {
    const lasts = next.some((fault) => fault.name === name && fault.toMs === undefined)
    if (!reachable && !lasts) next = [...next, { name, kind: 'gone', fromMs: nowMs }]
  }
  return kept(next, nowMs)
}

/** Begins a fault. One that lasts already with this process ends, since the new one tells more. */
function begun(faults: readonly Fault[], fault: Fault): readonly Fault[] {
  return [...ended(faults, fault.fromMs, ({ name }) => name === fault.name), fault]
}

function ended(faults: readonly Fault[], atMs: number, which: (fault: Fault) => boolean): readonly Fault[] {
  if (!faults.some((fault) => fault.toMs === undefined && which(fault))) return faults
  return faults.map((fault) => (fault.toMs === undefined && which(fault) ? { ...fault, toMs: Math.max(atMs, fault.fromMs) } : fault))
}

function kept(faults: readonly Fault[], nowMs: number): readonly Fault[] {
  const isOld = ({ toMs }: Fault): boolean => toMs !== undefined && toMs < nowMs - KEPT_MS
  return faults.some(isOld) ? faults.filter((fault) => !isOld(fault)) : faults
}
