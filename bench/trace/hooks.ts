import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Leading } from '../../src/catalogue/leading.ts'
import { LeadStream as CatalogueLeadStream } from '../../src/catalogue/lead-stream.ts'
import { Orders } from '../../src/frontend/orders.ts'
import { RouteStream as FrontEndRouteStream } from '../../src/frontend/route-stream.ts'
import { StockCache } from '../../src/frontend/stock-cache.ts'
import { FollowerSide } from '../../src/replica/follower.ts'
import { Followers } from '../../src/replica/followers.ts'
import { Leader } from '../../src/replica/leader.ts'
import { LeadStream } from '../../src/replica/lead-stream.ts'
import { Pushes } from '../../src/replica/pushes.ts'
import { ReplicateReceiver, ReplicateSender } from '../../src/replica/replicate-stream.ts'
import { EVENT, TRACE_FOLDER, type EventName, type ProcessTrace } from './events.ts'

/**
 * Loaded into each process of a traced system before its own code (`node --import`). Notes the time at each step of a batch,
 * and writes all notes into the folder of the trace when the process ends. The services themselves know nothing of it.
 */

const EVENTS_MAX = 4_000_000
const kinds = new Uint8Array(EVENTS_MAX)
const times = new Float64Array(EVENTS_MAX)
let noted = 0

/** Microseconds of a clock that all processes of one machine share. */
const nowUs = (): number => Number(process.hrtime.bigint()) / 1_000

function note(event: EventName): void {
  if (noted === EVENTS_MAX) return
  kinds[noted] = EVENT[event]
  times[noted] = nowUs()
  noted += 1
}

type Method = (...args: never[]) => unknown

/** Notes `before` when a method is called and `after` when it returns, or when its promise resolves. Only calls that `concerns` accepts. */
function trace(
  prototype: object,
  name: string,
  { before, after, concerns = () => true }: { before?: EventName; after?: EventName; concerns?: (...args: never[]) => boolean },
): void {
  const methods = prototype as Record<string, Method>
  const original = methods[name]
  if (!original) throw new Error(`there is no method ${name} to trace`)
  methods[name] = function (this: unknown, ...args: never[]): unknown {
    if (!concerns(...args)) return original.apply(this, args)
    if (before) note(before)
    const result = original.apply(this, args)
    if (after === undefined) return result
    if (result instanceof Promise) void result.then(() => note(after)).catch(() => undefined)
    else note(after)
    return result
  }
}

const isCommit = (sql: string): boolean => sql === 'COMMIT'
const isCheckpoint = (sql: string): boolean => sql.startsWith('PRAGMA wal_checkpoint')

trace(DatabaseSync.prototype, 'exec', { before: 'commit', after: 'committed', concerns: isCommit })
trace(DatabaseSync.prototype, 'exec', { before: 'checkpoint', after: 'checkpointed', concerns: isCheckpoint })
trace(FrontEndRouteStream.prototype, 'place', { before: 'front end: orders sent' })
trace(Orders.prototype, 'place', { before: 'front end: order read' })
trace(Orders.prototype, 'settle', { before: 'front end: outcomes heard', after: 'front end: answered' })
trace(StockCache.prototype, 'invalidate', { before: 'front end: stocks dropped' })
trace(Leader.prototype, 'place', { before: 'leader: orders heard' })
trace(LeadStream.prototype, 'trade', { before: 'leader: batch sent' })
trace(Leader.prototype, 'decided', {
  before: 'leader: decision heard',
  concerns: (_stream, decided: { batch: number }) => decided.batch >= 0,
})
trace(Followers.prototype, 'send', { before: 'leader: entries sent', after: 'leader: entries handed over' })
trace(Followers.prototype, 'held', { after: 'leader: followers hold' })
trace(Pushes.prototype, 'push', { after: 'leader: pushes confirmed' })
trace(LeadStream.prototype, 'publish', { before: 'leader: publish sent', after: 'leader: published' })
trace(ReplicateSender.prototype, 'send', {
  before: 'leader: one follower sent',
  concerns: ({ append }: { append: { entries: unknown[] } }) => append.entries.length > 0,
})
trace(Leading.prototype, 'traded', { before: 'catalogue: batch heard' })
trace(CatalogueLeadStream.prototype, 'deliver', { before: 'catalogue: decision sent' })
trace(Leading.prototype, 'toPublish', {
  before: 'catalogue: publish heard',
  concerns: (_stream, { position }: { position: number }) => position > 0,
})
trace(CatalogueLeadStream.prototype, 'published', { before: 'catalogue: published' })
trace(FollowerSide.prototype, 'offered', {
  before: 'follower: entries heard',
  concerns: (_leader, { entries }: { entries: unknown[] }) => entries.length > 0,
})
trace(ReplicateReceiver.prototype, 'hold', {
  before: 'follower: says that it holds',
  concerns: (_length, digest: string | undefined) => digest !== undefined,
})

process.on('exit', () => {
  const folder = process.env[TRACE_FOLDER]
  const [command = ''] = process.argv.slice(2)
  if (folder === undefined || noted === 0) return
  const taken: ProcessTrace = { command, pid: process.pid, kinds: [...kinds.subarray(0, noted)], times: [...times.subarray(0, noted)] }
  writeFileSync(join(folder, `${process.pid}.json`), JSON.stringify(taken))
})
