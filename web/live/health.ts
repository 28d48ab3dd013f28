import type { LiveProcess, LiveState } from '../../src/http/live.ts'

/** A stall of less than this is not worth a word. */
const STALL_TOLD_MS = 400

export type Mood = 'good' | 'warn' | 'bad'

/** How the system is, in words, with a sign beside the colour. */
export interface Health {
  readonly mood: Mood
  readonly sign: '●' | '▲' | '✕'
  readonly words: string
}

const SIGNS = { good: '●', warn: '▲', bad: '✕' } as const
const health = (mood: Mood, words: string): Health => ({ mood, sign: SIGNS[mood], words })

/** Says how the system is. */
export function healthOf(connection: 'connecting' | 'open' | 'lost', state: LiveState | null): Health {
  if (connection === 'connecting' || (connection === 'open' && !state)) return health('warn', 'Connecting')
  if (connection === 'lost' || !state) return health('bad', 'No answer from the front end')
  const { processes, stallMs } = state
  const catalogue = processes.find(({ role }) => role === 'catalogue')
  if (!state.trading) {
    if (catalogue && !catalogue.reachable) return health('bad', 'Not trading: no catalogue')
    return health('bad', state.leader === null ? 'Not trading: no leader' : 'Not trading yet')
  }
  if (stallMs >= STALL_TOLD_MS) return health('warn', `Stalled for ${(stallMs / 1_000).toFixed(1)} s`)
  const gone = processes.filter(({ reachable }) => !reachable)
  return gone.length === 0 ? health('good', 'Trading') : health('warn', `Trading without ${gone.map(({ name }) => name).join(', ')}`)
}

/** How the copies compare: each digest is of the log up to one and the same number. */
export function copiesOf({ common }: LiveState): { readonly mood: Mood; readonly words: string } | undefined {
  const digests = Object.values(common?.digests ?? {})
  const [first] = digests
  if (!common || first === undefined) return undefined
  const different = new Set(digests).size
  if (different === 1) return { mood: digests.length > 1 ? 'good' : 'warn', words: `${digests.length} = ${first.slice(0, 8)}` }
  return { mood: 'bad', words: `${different} differ` }
}

/** Returns the processes that keep a log, in the order of their names. */
export const copiesIn = (processes: readonly LiveProcess[]): readonly LiveProcess[] =>
  processes.filter(({ role }) => role !== 'front end').toSorted((one, other) => one.name.localeCompare(other.name, 'en', { numeric: true }))

/** Returns the sign of a process: the leader's, a follower's, another's, that of one that is gone. */
export function signOf({ role, reachable }: LiveProcess): '★' | '◆' | '■' | '✕' {
  if (!reachable) return '✕'
  if (role === 'leader') return '★'
  return role === 'catalogue' || role === 'front end' ? '■' : '◆'
}
