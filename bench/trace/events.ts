/** Environment variable: the folder that traced processes write to. */
export const TRACE_FOLDER = 'BAZAAR_TRACE_FOLDER'

/** The steps of a batch that are noted. */
export const EVENT_NAMES = [
  'commit',
  'committed',
  'checkpoint',
  'checkpointed',
  'front end: order read',
  'front end: orders sent',
  'front end: outcomes heard',
  'front end: answered',
  'front end: stocks dropped',
  'leader: orders heard',
  'leader: batch sent',
  'leader: decision heard',
  'leader: entries sent',
  'leader: entries handed over',
  'leader: one follower sent',
  'leader: followers hold',
  'leader: pushes confirmed',
  'leader: publish sent',
  'leader: published',
  'catalogue: batch heard',
  'catalogue: decision sent',
  'catalogue: publish heard',
  'catalogue: published',
  'follower: entries heard',
  'follower: says that it holds',
] as const
export type EventName = (typeof EVENT_NAMES)[number]

/** Number of each event in a trace. */
export const EVENT = Object.fromEntries(EVENT_NAMES.map((name, at) => [name, at])) as Readonly<Record<EventName, number>>

/** All that one process noted. */
export interface ProcessTrace {
  /** The command that the process runs: "catalog", "order" or "frontend". */
  readonly command: string
  readonly pid: number
  /** Numbers of {@link EVENT_NAMES}. */
  readonly kinds: readonly number[]
  /** Microseconds, of a clock that all processes of one machine share. */
  readonly times: readonly number[]
}
