import { expect, test } from 'vitest'
import { LIMITS } from '../domain/limits.ts'
import type { Clock } from '../runtime/clock.ts'
import type { SessionHello } from '../wire/messages.ts'
import type { Grant } from './session-stream.ts'
import { Sessions } from './sessions.ts'

const LEASE_MS = 500
/** Longer than any front end is refused. */
const LONG_MS = 10_000

/** Time that passes when the test says so. */
class SimulatedClock {
  nowMs = 0
  #timers: { readonly atMs: number; readonly run: () => void }[] = []
  readonly clock = {
    monotonicMs: () => this.nowMs,
    after: (delayMs: number, run: () => void) => {
      const timer = { atMs: this.nowMs + delayMs, run }
      this.#timers.push(timer)
      return { cancel: () => void (this.#timers = this.#timers.filter((each) => each !== timer)) }
    },
  } as unknown as Clock

  /** Runs what comes due within this time, in order, with what it leads to. */
  async pass(ms: number): Promise<void> {
    const until = this.nowMs + ms
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve))
      const [next] = this.#timers.filter(({ atMs }) => atMs <= until).sort((a, b) => a.atMs - b.atMs)
      if (!next) break
      this.#timers = this.#timers.filter((each) => each !== next)
      this.nowMs = next.atMs
      next.run()
    }
    this.nowMs = until
  }
}

/** A front end's stream, which keeps what it is told. */
class Line {
  readonly frontEndId: string
  readonly grants: Grant[] = []
  ends = 0

  constructor(frontEndId: string) {
    this.frontEndId = frontEndId
  }

  grant(grant: Grant): void {
    this.grants.push(grant)
  }

  end(): void {
    this.ends += 1
  }

  /** The session of the last grant; undefined when none was granted. */
  get session(): number | undefined {
    return this.grants.at(-1)?.lease?.session
  }
}

function catalogue() {
  const time = new SimulatedClock()
  const sessions = new Sessions(time.clock, LEASE_MS, 'c-1')
  let asks = 0
  const connect = (frontEndId: string, hello: Partial<SessionHello> = {}): Line => {
    const line = new Line(frontEndId)
    sessions.attach({ frontEndId, address: `${frontEndId}:1`, caching: true, replicas: [], ...hello }, line)
    return line
  }
  const renew = (line: Line): number | undefined => {
    sessions.renew(line, ++asks)
    return line.session
  }
  const live = () => sessions.live().map(({ frontEndId }) => frontEndId)
  return { time, sessions, connect, renew, live }
}

/** Says whether a wait for the end of sessions is over. */
function watched(ending: Promise<void>): { isOver: boolean } {
  const wait = { isOver: false }
  void ending.then(() => (wait.isOver = true))
  return wait
}

test('a session lives for one lease from each renewal on', async () => {
  const { time, connect, renew, live } = catalogue()
  const line = connect('a')
  expect([live(), renew(line), live()]).toEqual([[], 1, ['a']])
  await time.pass(LEASE_MS - 1)
  expect([renew(line), live()]).toEqual([1, ['a']])
  await time.pass(LEASE_MS - 1)
  expect(live()).toEqual(['a'])
  await time.pass(1)
  expect([live(), renew(line)]).toEqual([[], 2])
})

test('a front end without a cache gets no session', () => {
  const { connect, renew, live } = catalogue()
  const line = connect('a', { caching: false })
  expect([renew(line), line.grants, live()]).toEqual([undefined, [{ ask: 1, clusterId: 'c-1', lease: undefined }], []])
})

test('a session outlives its stream, and goes on by the next one', () => {
  const { sessions, connect, renew, live } = catalogue()
  const line = connect('a')
  renew(line)
  sessions.detach(line)
  expect(live()).toEqual(['a'])
  expect(renew(connect('a'))).toBe(1)
})

test('what an earlier stream still brings changes nothing', () => {
  const { sessions, connect, renew, live } = catalogue()
  const earlier = connect('a')
  renew(connect('a'))
  sessions.ended(earlier)
  expect([renew(earlier), earlier.grants, live()]).toEqual([undefined, [], ['a']])
})

test('a front end that says that it has dropped its cache has no session any more', () => {
  const { sessions, connect, renew, live } = catalogue()
  const line = connect('a')
  renew(line)
  sessions.ended(line)
  expect(live()).toEqual([])
})

test('S1: who waits for a session waits until it has lapsed, though it is renewed all the while', async () => {
  const { time, sessions, connect, renew } = catalogue()
  const line = connect('a')
  renew(line)
  const wait = watched(sessions.refuse(['a']))
  await time.pass(LEASE_MS / 2)
  expect([renew(line), line.ends, wait.isOver]).toEqual([undefined, 1, false])
  await time.pass(LEASE_MS / 2 - 5)
  expect(wait.isOver).toBe(false)
  await time.pass(10)
  expect(wait.isOver).toBe(true)
})

test('S1: a session that is ended is not waited for any longer', async () => {
  const { time, sessions, connect, renew } = catalogue()
  const line = connect('a')
  renew(line)
  const wait = watched(sessions.refuse(['a']))
  sessions.ended(line)
  await time.pass(10)
  expect(wait.isOver).toBe(true)
})

test('a front end that could not be reached gets no session for a while, and then one again', async () => {
  const { time, sessions, connect, renew } = catalogue()
  const line = connect('a')
  void sessions.refuse(['a'])
  expect(renew(line)).toBeUndefined()
  await time.pass(LONG_MS)
  expect(renew(line)).toBe(1)
})

test('S1: without a leader all sessions end, and their front ends may begin new ones', async () => {
  const { time, sessions, connect, renew, live } = catalogue()
  const lines = [connect('a'), connect('b')]
  lines.forEach(renew)
  const wait = watched(sessions.endAll())
  expect(lines.map(({ ends }) => ends)).toEqual([1, 1])
  await time.pass(LEASE_MS / 2)
  expect(lines.map(renew)).toEqual([undefined, undefined])
  await time.pass(LEASE_MS / 2 + 5)
  expect([wait.isOver, live()]).toEqual([true, []])
  expect(lines.map(renew)).toEqual([3, 4])
})

test('S1: the session that comes after the one that is waited for is not waited for', async () => {
  const { time, sessions, connect, renew } = catalogue()
  const line = connect('a')
  renew(line)
  await time.pass(3) // The end of the session is between two looks at it.
  const wait = watched(sessions.endAll())
  await time.pass(LEASE_MS - 2)
  expect([renew(line), wait.isOver]).toEqual([2, false])
  await time.pass(5)
  expect(wait.isOver).toBe(true)
})

test('there are so many front ends and no more, until one that has left has lapsed', async () => {
  const { time, sessions, connect, renew } = catalogue()
  const lines = Array.from({ length: LIMITS.frontEndsMax }, (_, at) => connect(`fe-${at}`))
  renew(lines[0]!)
  sessions.detach(lines[0]!)
  expect(renew(connect('another'))).toBeUndefined()
  await time.pass(LEASE_MS + 1)
  expect(renew(connect('another'))).toBe(2)
})
