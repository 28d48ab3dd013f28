import { expect, test } from 'vitest'
import type { StatusData } from '../http/types.ts'
import { differingLengths, statusLines } from './status-view.ts'

const use = { pid: 1, uptimeMs: 1_000, memoryBytes: 5e7, cpuMicroseconds: 1 }
const replica = (id: number, length: number, digest: string): StatusData['replicas'][number] => ({
  ...use,
  name: `order-${id}`,
  id,
  address: `h:${id}`,
  reachable: true,
  role: id === 3 ? 'leader' : 'follower',
  epoch: id === 3 ? 1 : 0,
  leader: '3',
  length,
  digest,
  lag: 0,
  published: length,
  sealedGeneration: 1,
  canLead: true,
  trouble: '',
  batches: 1,
  aloneMs: 0,
  aloneWhy: '',
  followers: [],
})
const status = (...replicas: StatusData['replicas'][number][]): StatusData => ({
  leader: 'h:3',
  frontEnd: {
    ...use,
    name: 'frontend',
    address: 'h:9',
    reachable: true,
    caching: true,
    session: true,
    cache: { stocksMax: 8, stocks: 1, hits: 3, misses: 1, evictions: 0, invalidations: 0 },
    ordersWaiting: 0,
    ordersAnswered: 2,
    elections: 1,
    gone: [],
  },
  catalogue: { name: 'catalogue', address: 'h:8', reachable: false, why: 'refused' },
  replicas,
  otherPrograms: [],
})

test('logs of equal length have to have equal digests', () => {
  expect(differingLengths(status(replica(1, 5, 'a'), replica(2, 5, 'a'), replica(3, 6, 'b')))).toEqual([])
  expect(differingLengths(status(replica(1, 5, 'a'), replica(2, 5, 'x')))).toEqual([5])
})

test('shows every process in a row', () => {
  const text = statusLines(status(replica(3, 2, 'abcdef0123456789')), (_, words) => words).join('\n')
  expect(text).toMatch(/catalogue +unreachable +h:8\n/)
  expect(text).toMatch(/catalogue does not answer: refused/)
  expect(text).toMatch(/order-3 +leader +h:3 +1 +2 +abcdef012345 +0 +1.0 s +50 MB/)
  expect(text).toMatch(/1 log, all identical/)
  expect(text).toMatch(/3 hits \(75.0 % of lookups\)/)
})

test('fits 80 columns when it is narrow, with a long address and a long log', () => {
  const long = {
    address: '[2001:db8::1234:5678:9abc]:56894',
    length: 123_456_789,
    pid: 4_194_304,
    uptimeMs: 5e9,
    memoryBytes: 1.5e9,
    lag: 123_456,
  }
  const lines = statusLines(status({ ...replica(3, 2, 'abcdef0123456789'), ...long }), (_, words) => words, new Map(), true)
  expect(lines.slice(0, 4).filter((line) => line.length > 80)).toEqual([])
  expect(lines.find((line) => line.startsWith('order-3'))).toMatch(/^order-3 +leader +4194304 +123456789 +123456 +57 d 20 h +1500 MB$/)
})

test('says what the supervisor knows of a process that does not answer', () => {
  const gone = (id: number) => ({ name: `order-${id}`, id, address: `h:${id}`, reachable: false, why: 'no answer within 500 ms' }) as const
  const supervised = new Map([
    ['order-1', 'paused'],
    ['order-2', 'backing-off'],
    ['order-3', 'running'],
  ] as const)
  const text = statusLines(status(gone(1), gone(2), gone(3)), (_, words) => words, supervised).join('\n')
  expect(text).toMatch(/order-1 +paused +h:1\norder-2 +ended +h:2\norder-3 +unreachable +h:3\n/)
  expect(text).toMatch(/order-1 is paused: `bazaar resume order-1` lets it go on\norder-2 has ended, and is started again soon\n/)
  expect(text).toMatch(/order-3 does not answer: no answer within 500 ms/)
})

test('says who follows nobody and whom the front end does not reach, for how long and why', () => {
  const { frontEnd, ...rest } = status({ ...replica(1, 5, 'a'), ...{ role: 'follower, alone', aloneMs: 12_300, aloneWhy: 'no leader' } })
  const gone = [{ name: 'order-2', address: 'h:2', forMs: 61_000, why: '3 pings unanswered' }]
  const text = statusLines({ ...rest, frontEnd: { ...frontEnd, gone } }, (_, words) => words).join('\n')
  expect(text).toMatch(/order-1 follows nobody, alone for 12.3 s: no leader/)
  expect(text).toMatch(/no connection to order-2 for 1 min 1 s: 3 pings unanswered/)
})

test('a program of another make has a row, and a line that says what it is', () => {
  const other = { name: 'order-9', id: 9, address: 'h:7', reachable: true, role: 'replica', canLead: true, trouble: '' } as const
  const what = 'another program: single calls, no guarantee'
  const text = statusLines({ ...status(replica(3, 2, 'abc')), otherPrograms: [{ ...other, what }] }, (_, words) => words).join('\n')
  expect(text).toMatch(/order-9 +replica, another program +h:7\n/)
  expect(text.split(what)).toHaveLength(2)
  expect(text).toMatch(/order-9 is another program: single calls, no guarantee/)
  expect(text).toMatch(/1 log, all identical/)
})
