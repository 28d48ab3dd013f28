import type { ControlledProcess } from '../http/control.ts'
import type { FrontEndStatusData, OtherProgramData, StatusData } from '../http/types.ts'
import { tableLines, type Column } from './table.ts'
import type { Paint } from './terminal.ts'
import { count, duration, megabytes } from './units.ts'

const DIGEST_DIGITS = 12
/** The columns that a screen of 80 characters has no room for. */
const LEFT_OUT_WHEN_NARROW: ReadonlySet<string> = new Set(['address', 'digest'])
const COLUMNS: readonly Column[] = [
  { title: 'process', align: 'left' },
  { title: 'role', align: 'left' },
  { title: 'address', align: 'left' },
  { title: 'pid', align: 'right' },
  { title: 'log', align: 'right' },
  { title: 'digest', align: 'left' },
  { title: 'lag', align: 'right' },
  { title: 'up', align: 'right' },
  { title: 'memory', align: 'right' },
]

/** How the supervisor says that a process is, by its name. Empty when nobody could ask it. */
export type Supervised = ReadonlyMap<string, ControlledProcess['state']>

/** Returns the whole status as lines of text. `isNarrow` leaves out columns, so that the table fits 80 characters. */
export function statusLines(status: StatusData, paint: Paint, supervised: Supervised = new Map(), isNarrow = false): string[] {
  const { catalogue, replicas, frontEnd } = status
  const rows = [catalogue, ...replicas].map((each) => row(each, paint, supervised))
  const others = status.otherPrograms.map(({ name, role, address }) => [name, `${role}, another program`, address])
  const ours = [...[catalogue, ...replicas].flatMap((each) => troublesOf(each, supervised)), ...frontEnd.gone.map(goneWords)]
  const troubles = [...ours, ...status.otherPrograms.flatMap(noticesOf)]
  const shown = COLUMNS.map(({ title }, at) => ({ title, at })).filter(({ title }) => !isNarrow || !LEFT_OUT_WHEN_NARROW.has(title))
  const table = [...rows, ...others, row(frontEnd, paint, supervised)].map((cells) => shown.map(({ at }) => cells[at] ?? ''))
  return [
    ...tableLines(
      shown.map(({ at }) => COLUMNS[at]!),
      table,
    ),
    '',
    `leader   ${status.leader ?? paint('red', 'none')}`,
    `copies   ${agreementWords(status, paint)}`,
    `cache    ${cacheWords(frontEnd)}`,
    `orders   ${ordersWords(frontEnd)}`,
    ...troubles.map((words) => paint('yellow', words)),
  ]
}

type Copy = StatusData['catalogue'] | StatusData['replicas'][number]
type Member = Copy | FrontEndStatusData

function troublesOf(member: Copy, supervised: Supervised): string[] {
  if (!member.reachable) return [absenceWords(member.name, supervised) ?? `${member.name} does not answer: ${member.why}`]
  if (!('trouble' in member)) return []
  const { name, trouble, aloneMs, aloneWhy } = member
  return [
    ...(trouble ? [`${name} cannot lead: ${trouble}`] : []),
    ...(aloneMs > 0 ? [`${name} follows nobody, alone for ${duration(aloneMs)}${aloneWhy && `: ${aloneWhy}`}`] : []),
  ]
}

/** Says why a process does not answer, when its supervisor knows. */
export function absenceWords(name: string, supervised: Supervised): string | undefined {
  switch (supervised.get(name)) {
    case 'paused':
      return `${name} is paused: \`bazaar resume ${name}\` lets it go on`
    case 'backing-off':
      return `${name} has ended, and is started again soon`
    case 'starting':
      return `${name} is starting`
    default:
      return undefined
  }
}

const ABSENT: Partial<Record<ControlledProcess['state'], string>> = { paused: 'paused', 'backing-off': 'ended', starting: 'starting' }

const goneWords = ({ name, forMs, why }: FrontEndStatusData['gone'][number]): string =>
  `the front end has no connection to ${name} for ${duration(forMs)}: ${why}`

const noticesOf = ({ name, what, trouble }: OtherProgramData): string[] => [
  `${name} is ${what}`,
  ...(trouble ? [`${name} cannot lead: ${trouble}`] : []),
]

function row(member: Member, paint: Paint, supervised: Supervised): string[] {
  if (!member.reachable) {
    const known = ABSENT[supervised.get(member.name) ?? 'running']
    return [member.name, known ? paint('yellow', known) : paint('red', 'unreachable'), member.address]
  }
  const { name, address, pid } = member
  const use = [duration(member.uptimeMs), megabytes(member.memoryBytes)]
  if (!('length' in member)) return [name, 'front end', address, `${pid}`, '', '', '', ...use]
  const log = [`${member.length}`, member.digest.slice(0, DIGEST_DIGITS)]
  if (!('role' in member)) return [name, member.state, address, `${pid}`, ...log, '', ...use]
  const role = member.role === 'leader' ? paint('bold', 'leader') : member.role
  return [name, role, address, `${pid}`, ...log, member.lag === null ? '?' : `${member.lag}`, ...use]
}

/** Returns the lengths at which two logs of one length differ. There are none unless something is very wrong. */
export function differingLengths({ catalogue, replicas }: StatusData): number[] {
  const digests = new Map<number, Set<string>>()
  for (const member of [catalogue, ...replicas]) {
    // A replica that has no history yet has no digest to compare.
    if (!member.reachable || member.digest === '') continue
    digests.set(member.length, (digests.get(member.length) ?? new Set()).add(member.digest))
  }
  return [...digests].filter(([, different]) => different.size > 1).map(([length]) => length)
}

function agreementWords(status: StatusData, paint: Paint): string {
  const differing = differingLengths(status)
  if (differing.length > 0) return paint('red', `DIFFER at length ${differing.join(', ')}`)
  const lengths = [status.catalogue, ...status.replicas].flatMap((each) => (each.reachable ? [each.length] : []))
  const logs = count(lengths.length, 'log')
  if (new Set(lengths).size <= 1) return paint('green', `${logs}, all identical`)
  return paint('green', `${logs}, those of equal length identical`)
}

const ordersWords = ({ ordersAnswered, ordersWaiting, elections }: FrontEndStatusData): string =>
  `${ordersAnswered} answered, ${ordersWaiting} waiting, ${count(elections, 'election')}`

function cacheWords({ caching, session, cache }: FrontEndStatusData): string {
  if (!caching) return 'off'
  const { stocks, stocksMax, hits, misses, evictions, invalidations } = cache
  const lookups = hits + misses
  const rate = lookups === 0 ? '' : ` (${((100 * hits) / lookups).toFixed(1)} % of lookups)`
  const lease = session ? '' : ', no session: nothing is served from it'
  const dropped = `${evictions} evicted, ${invalidations} invalidated`
  const found = `${count(hits, 'hit')}${rate}, ${misses} ${misses === 1 ? 'miss' : 'misses'}`
  return `${stocks}/${stocksMax} stocks, ${found}, ${dropped}${lease}`
}
