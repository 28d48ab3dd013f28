import { expect, test } from 'vitest'
import type { ControlledProcess } from '../http/control.ts'
import { systemClock, type Clock } from '../runtime/clock.ts'
import { effectsOf, effectWords, type Deed, type Watched } from './control-effects.ts'

/** A clock on which a wait takes no time. */
function quickClock(): Clock {
  let nowMs = 0
  return {
    ...systemClock,
    monotonicMs: () => nowMs,
    after: (delayMs, run) => {
      nowMs += delayMs
      return systemClock.after(0, run)
    },
  }
}

const process_ = (name: string, pid: number | null, state: ControlledProcess['state'] = 'running'): ControlledProcess => ({
  ...{ name, pid, state, restarts: 0, lastExit: null, sinceMs: 0 },
})

/** The sight at the first look, the second one, …; the last one goes on. */
interface Seen {
  readonly processes?: readonly ControlledProcess[]
  readonly leader?: string
}

async function wordsOf(deed: Partial<Deed>, ...looks: readonly Seen[]): Promise<string[]> {
  const clock = quickClock()
  const now = (): Seen => looks[Math.min(looks.length - 1, Math.floor(clock.monotonicMs() / 50))] ?? {}
  const system: Watched = { processes: async () => now().processes ?? [], leaderName: async () => now().leader }
  const whole: Deed = { action: 'kill', names: ['order-3'], pids: [3], leader: 'order-3', forMs: undefined, ...deed }
  const words: string[] = []
  for await (const effect of effectsOf(whole, system, clock)) words.push(effectWords(effect))
  return words
}

test('a killed leader: another one leads, and it comes back', async () => {
  const old = [process_('order-3', 3)] // Its end is not known yet.
  const looks = [
    { processes: old, leader: 'order-3' },
    { processes: [process_('order-3', null, 'backing-off')], leader: 'order-2' },
  ]
  const back = { processes: [process_('order-3', 7)], leader: 'order-2' }
  expect(await wordsOf({}, ...looks, { ...back, processes: [process_('order-3', 7, 'starting')] }, back)).toEqual([
    'order-2 leads now; that took 50 ms.',
    'order-3 is back as pid 7; that took 150 ms.',
  ])
})

test('all are killed: whoever leads once it is back', async () => {
  const all = { names: ['order-3', 'frontend'], pids: [3, 4] }
  const looks = [{ leader: 'order-3' }, { processes: [process_('order-3', 7), process_('frontend', 8)] }, { leader: 'order-3' }]
  expect(await wordsOf(all, ...looks)).toEqual([
    'order-3 is back as pid 7; that took 50 ms.',
    'frontend is back as pid 8; that took 50 ms.',
    'order-3 leads now; that took 100 ms.',
  ])
})

test('a pause with an end is watched to its end, one without is not', async () => {
  const paused = { processes: [process_('order-3', 3, 'paused')], leader: 'order-2' }
  const over = { processes: [process_('order-3', 3)], leader: 'order-2' }
  expect(await wordsOf({ action: 'pause', forMs: 100 }, paused, paused, over)).toEqual([
    'order-2 leads now; that took 0 ms.',
    'order-3 goes on after 100 ms.',
  ])
  expect(await wordsOf({ action: 'pause' }, paused)).toEqual(['order-2 leads now; that took 0 ms.'])
})

test('a resumed process is not waited for', async () => {
  expect(await wordsOf({ action: 'resume' }, { leader: 'order-3' })).toEqual([])
})

test('what does not come is told after its time', async () => {
  expect(await wordsOf({ forMs: 1_000 }, {})).toEqual([
    'No replica leads after 9.0 s.',
    'order-3 is not back after 9.0 s; see `bazaar logs`.',
  ])
})
