import { expect, test } from 'vitest'
import { ManualClock } from '../../test/manual-clock.ts'
import { Lease } from './lease.ts'

const LEASE_MS = 500
/** The front end uses nine tenths of a lease. */
const USED_MS = 450

function newLease() {
  const clock = new ManualClock()
  return { clock, lease: new Lease(clock) }
}

test('a lease counts from the moment of asking, however long the grant was on its way', () => {
  const { clock, lease } = newLease()
  const ask = lease.ask()
  clock.pass(USED_MS - 1)
  expect(lease.grant(ask, LEASE_MS)).toBe(true)
  expect(lease.isLive).toBe(true)
  clock.pass(1)
  expect(lease.isLive).toBe(false)
})

test('a grant that comes after its lease is over brings none', () => {
  const { clock, lease } = newLease()
  const ask = lease.ask()
  clock.pass(LEASE_MS)
  lease.grant(ask, LEASE_MS)
  expect(lease.isLive).toBe(false)
})

test('a wall clock that jumps ahead ends a lease', () => {
  const { clock, lease } = newLease()
  lease.grant(lease.ask(), LEASE_MS)
  clock.jumpWall(USED_MS)
  expect(lease.isLive).toBe(false)
})

test('a wall clock that is set back makes no lease longer', () => {
  const { clock, lease } = newLease()
  lease.grant(lease.ask(), LEASE_MS)
  clock.jumpWall(-60_000)
  clock.pass(USED_MS)
  expect(lease.isLive).toBe(false)
})

test('a renewal that is refused leaves the lease that there is', () => {
  const { clock, lease } = newLease()
  lease.grant(lease.ask(), LEASE_MS)
  clock.pass(100)
  expect(lease.grant(lease.ask(), 0)).toBe(false)
  expect(lease.isLive).toBe(true)
  clock.pass(USED_MS - 100)
  expect(lease.isLive).toBe(false)
})

test('a grant counts for nothing when a later one came before, or when nobody asked', () => {
  const { lease } = newLease()
  const [earlier, later] = [lease.ask(), lease.ask()]
  expect(lease.grant(later + 1, LEASE_MS)).toBe(false)
  expect(lease.isLive).toBe(false)
  const third = lease.ask()
  expect(lease.grant(third, LEASE_MS)).toBe(true)
  expect(lease.grant(earlier, LEASE_MS)).toBe(false)
})

test('an ask on a stream that is over is not answered on the next one, and the lease goes on', () => {
  const { lease } = newLease()
  lease.grant(lease.ask(), LEASE_MS)
  const ask = lease.ask()
  lease.forgetAsked()
  expect(lease.grant(ask, LEASE_MS)).toBe(false)
  expect(lease.isLive).toBe(true)
})

test('a lease that was ended is over, and an earlier ask does not bring it back', () => {
  const { lease } = newLease()
  lease.grant(lease.ask(), LEASE_MS)
  const ask = lease.ask()
  lease.end()
  expect(lease.grant(ask, LEASE_MS)).toBe(false)
  expect(lease.isLive).toBe(false)
})
