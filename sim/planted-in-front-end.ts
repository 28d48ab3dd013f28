import type { PlantedBug } from './planted-bugs.ts'

/** Rules of the front end. */
export const FRONT_END_BUGS: readonly PlantedBug[] = [
  {
    name: 'cache-without-session',
    what: 'K1: a cached value is served although the session is over',
    file: 'src/frontend/stock-cache.ts',
    find: 'const view = live ? this.#lru.get(name) : undefined',
    replace: 'const view = this.#lru.get(name)',
  },
  {
    name: 'cache-older-than-push',
    what: 'K2: an answer that is older than a push is cached',
    file: 'src/frontend/stock-cache.ts',
    find: 'this.#session > 0 && position >= floor)',
    replace: 'this.#session > 0)',
  },
  {
    name: 'cache-survives-session',
    what: 'K1: what was cached under an earlier session is served under the next one',
    file: 'src/frontend/stock-cache.ts',
    find: 'this.#lru.clear()',
    replace: '',
  },
  {
    name: 'lease-from-grant',
    what: 'K3: the lease is measured from the grant’s arrival, and never by the wall clock',
    file: 'src/frontend/session.ts',
    find: 'this.#lease = { ...asked, lengthMs: leaseMs * LEASE_USED }',
    replace:
      'this.#lease = { askedMonotonicMs: this.#runtime.clock.monotonicMs(), askedWallMs: this.#runtime.clock.wallMs(), lengthMs: leaseMs }',
  },
  {
    name: 'other-key-on-repeat',
    what: 'Q1: an order is repeated under another key',
    file: 'src/frontend/orders.ts',
    find: 'leader.place(first, batch.map((pending) => pending.request))',
    replace:
      'leader.place(first, batch.map(({ request, uncertainTries: tries }) => tries > 1 ? { ...request, key: `${request.key}-${tries}` } : request))',
  },
  {
    name: 'orders-of-lost-leader',
    what: 'what a lost leader has not answered is not asked elsewhere',
    file: 'src/frontend/orders.ts',
    find: 'for (const pending of this.#pending) if (pending.sentTo === link) this.#wait(pending)',
    replace: '',
  },
  {
    name: 'stopped-leader-kept',
    what: 'a leader that misses its pings is not taken for dead',
    file: 'src/frontend/replica-link.ts',
    find: 'if (this.#missedPings >= MISSED_PINGS_MAX && isLate) this.#down',
    replace: 'if (this.#missedPings < 0 && isLate) this.#down',
  },
  {
    name: 'ticket-ignored',
    what: 'K2: an answer that was asked for under an earlier session is cached',
    file: 'src/frontend/stock-cache.ts',
    find: 'const current = ticket.session === this.#session && ticket.drops === this.#drops',
    replace: 'const current = ticket.drops === this.#drops',
  },
  {
    name: 'lease-overused',
    what: 'K3: the lease is used beyond its end',
    file: 'src/frontend/session.ts',
    find: 'const LEASE_USED = 0.9',
    replace: 'const LEASE_USED = 1.2',
  },
  {
    name: 'lease-by-wall-clock',
    what: 'K3: the lease is measured by the wall clock alone',
    file: 'src/frontend/session.ts',
    find: 'return clock.monotonicMs() - askedMonotonicMs < lengthMs && clock.wallMs() - askedWallMs < lengthMs',
    replace: 'return askedMonotonicMs >= 0 && clock.wallMs() - askedWallMs < lengthMs',
  },
  {
    name: 'front-end-keys-collide',
    what: 'keys: two front ends make the same keys',
    file: 'src/frontend/idempotency-key.ts',
    find: 'return `${this.#prefix}${this.#last.toString(36).padStart(8, \'0\')}-${this.#random.id(8)}`',
    replace: 'return `fe-00000000-${this.#last.toString(36).padStart(8, \'0\')}-0000000000000000`',
  },
  {
    name: 'order-deadline-left-out',
    what: 'Q2, 14: an order is waited for without a deadline',
    file: 'src/frontend/orders.ts',
    find: 'if (pending.deadlineAt > now) break',
    replace: 'if (pending.deadlineAt > 0) break',
  },
  {
    name: 'first-leader-kept',
    what: 'E1: a front end does not change to the leader of a newer epoch',
    file: 'src/frontend/leadership.ts',
    find: 'return epoch > current.epoch || (epoch === current.epoch && link.id > current.link.id)',
    replace: 'return epoch < 0',
  },
  {
    name: 'orders-pile-up',
    what: 'invariant 14: a front end takes any number of orders',
    file: 'src/frontend/orders.ts',
    find: 'if (size >= LIMITS.frontEndPendingOrdersMax) return true',
    replace: 'if (size < 0) return true',
  },
  {
    name: 'any-replica-leads',
    what: 'E4: a replica of another system that answers at a named address is used as the leader',
    file: 'src/frontend/leadership.ts',
    find: "if (own === '' || clusterId === '' || clusterId === own) return undefined",
    replace: 'if (own.length + clusterId.length >= 0) return undefined',
  },
]
