import type { ControlAction, ControlledData, ControlledProcess } from '../http/control.ts'
import { sleep, type Clock } from '../runtime/clock.ts'
import { duration } from './units.ts'

/** How long a command watches for its effects, beyond the time for which a process is down or paused. */
const WATCH_FOR_MS = 8_000
const LOOK_EVERY_MS = 50

/** Something that was done to processes. */
export interface Deed extends ControlledData {
  readonly action: ControlAction
  /** The replica that led before. */
  readonly leader: string | undefined
  readonly forMs: number | undefined
}

/** One effect of a deed, and how long it took. `nothing`: it did not come within the time. */
export type Effect =
  | { readonly kind: 'leads'; readonly name: string; readonly tookMs: number }
  | { readonly kind: 'back' | 'resumed'; readonly name: string; readonly pid: number | null; readonly tookMs: number }
  | { readonly kind: 'no-leader'; readonly tookMs: number }
  | { readonly kind: 'not-back'; readonly name: string; readonly tookMs: number }

/** The part of a running system that is watched. */
export interface Watched {
  processes(): Promise<readonly ControlledProcess[]>
  leaderName(): Promise<string | undefined>
}

/**
 * Watches a system after a deed: who is back, and who leads when the leader was hit. Yields each effect as it is seen, and ends
 * when there is nothing more to come, or when it takes too long.
 */
export async function* effectsOf(deed: Deed, system: Watched, clock: Clock): AsyncGenerator<Effect> {
  const { action, names, pids, leader, forMs } = deed
  const sinceMs = clock.monotonicMs()
  const tookMs = () => Math.round(clock.monotonicMs() - sinceMs)
  const away = new Map(action === 'resume' ? [] : names.map((name, at) => [name, pids[at]]))
  const comesBack = action === 'pause' ? forMs !== undefined : action !== 'resume'
  let isLeaderAwaited = leader !== undefined && away.has(leader)
  while (isLeaderAwaited || (comesBack && away.size > 0)) {
    // The election takes less time than a restart, so it is looked for first.
    const leads = isLeaderAwaited ? await system.leaderName() : undefined
    if (leads !== undefined && !away.has(leads)) {
      isLeaderAwaited = false
      yield { kind: 'leads', name: leads, tookMs: tookMs() }
    }
    const processes = comesBack ? await system.processes() : []
    for (const { name, pid, state } of processes) {
      const isSame = pid === away.get(name)
      // A process that was killed is still there for a moment.
      if (!away.has(name) || state !== 'running' || (isSame && action !== 'pause')) continue
      away.delete(name)
      yield { kind: isSame ? 'resumed' : 'back', name, pid, tookMs: tookMs() }
    }
    if (tookMs() >= WATCH_FOR_MS + (forMs ?? 0)) {
      if (isLeaderAwaited) yield { kind: 'no-leader', tookMs: tookMs() }
      for (const name of comesBack ? away.keys() : []) yield { kind: 'not-back', name, tookMs: tookMs() }
      return
    }
    await sleep(clock, LOOK_EVERY_MS)
  }
}

/** Returns an effect in words. */
export function effectWords(effect: Effect): string {
  const took = duration(effect.tookMs)
  switch (effect.kind) {
    case 'leads':
      return `${effect.name} leads now; that took ${took}.`
    case 'back':
      return `${effect.name} is back as pid ${effect.pid}; that took ${took}.`
    case 'resumed':
      return `${effect.name} goes on after ${took}.`
    case 'no-leader':
      return `No replica leads after ${took}.`
    case 'not-back':
      return `${effect.name} is not back after ${took}; see \`bazaar logs\`.`
  }
}
