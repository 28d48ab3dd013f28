/** One rule of the design left out: a piece of the source as it is, and as a mistaken developer would have it. */
export interface PlantedBug {
  readonly name: string
  /** What the mistake is, and the rule that it breaks. */
  readonly what: string
  readonly file: string
  readonly find: string
  readonly replace: string
}

/**
 * Mistakes that the simulation has to find. They are planted into the source as it is loaded (plant.ts), so that no
 * switch for them stands in any code that runs elsewhere.
 */
export const PLANTED_BUGS: readonly PlantedBug[] = [
  {
    name: 'key-forgotten',
    what: 'D1: a key on record is decided again',
    file: 'src/catalogue/decide.ts',
    find: 'const recorded = decidedHere.get(request.key) ?? view.recorded(request.key) // D1',
    replace: 'const recorded = decidedHere.get(request.key)',
  },
  {
    name: 'key-content-ignored',
    what: 'D1: a key that comes back with another order gets the first one’s answer',
    file: 'src/catalogue/decide.ts',
    find: 'return recorded.fingerprint === request.fingerprint',
    replace: 'return true',
  },
  {
    name: 'oversell',
    what: 'D3: a buy of more than there is is accepted',
    file: 'src/catalogue/decide.ts',
    find: "if (left < 0) return reject('not-enough') // D3",
    replace: '',
  },
  {
    name: 'batch-blind',
    what: 'L2: a request does not see what the ones before it in its batch left',
    file: 'src/catalogue/decide.ts',
    find: 'const stock = touched.get(request.name) ?? view.stock(request.name)',
    replace: 'const stock = view.stock(request.name)',
  },
  {
    name: 'rejection-not-recorded',
    what: 'step 3: a rejection is not remembered under its key',
    file: 'src/catalogue/decide.ts',
    find: 'rejections.push({ key: request.key, ...record })',
    replace: '',
  },
  {
    name: 'unsettled-start',
    what: 'P1: after a restart lookups show what is on record as published, which may be less than was shown',
    file: 'src/catalogue/publication.ts',
    find: 'return this.#published >= this.#settledFrom',
    replace: 'return true',
  },
  {
    name: 'always-cacheable',
    what: 'P2: a stock with an unpublished trade is called cacheable',
    file: 'src/catalogue/publication.ts',
    find: 'return !this.#pendingByName.has(name)',
    replace: 'return true',
  },
  {
    name: 'shown-when-decided',
    what: 'step 3: levels are visible as soon as they are decided',
    file: 'src/catalogue/service.ts',
    find: 'this.#publication.addDecided(group.entries)',
    replace: 'this.#publication.addDecided(group.entries); this.#publication.publish(group.length)',
  },
  {
    name: 'no-lease-wait-at-start',
    what: 'C after a start decides at once, while caches of the run before may still serve',
    file: 'src/catalogue/service.ts',
    find: 'await sleep(clock, this.#leaseMs, this.#closing.signal)',
    replace: '',
  },
  {
    name: 'no-lapse-wait',
    what: 'S1: a trade is published although a session that missed the push has not lapsed',
    file: 'src/catalogue/leader-stream.ts',
    find: 'await sessions.refuse(unreachable)',
    replace: 'void sessions.refuse(unreachable)',
  },
  {
    name: 'publish-overtakes',
    what: 'S1: a later position is published while an earlier one waits for sessions to lapse',
    file: 'src/catalogue/leader-stream.ts',
    find: 'this.#publishing = this.#publishing.then(() => this.#publish(request))',
    replace: 'void this.#publish(request)',
  },
  {
    name: 'confirm-unsettled',
    what: 'rule 8: "not found" is said before everything shown earlier is published again',
    file: 'src/catalogue/leader-stream.ts',
    find: 'await publication.whenSettled()',
    replace: '',
  },
  {
    name: 'sessions-not-told',
    what: 'step 3: the leader is not told of the live sessions',
    file: 'src/catalogue/leader-stream.ts',
    find: 'sessions: sessions.live() }',
    replace: 'sessions: [] }',
  },
  {
    name: 'copies-not-awaited',
    what: 'O1: an order is acknowledged before the copies hold it',
    file: 'src/order/leader.ts',
    find: 'const ready = Promise.all([pushed, copied, this.#carried]) // O1',
    replace: 'copied.catch(() => undefined); const ready = Promise.all([pushed, this.#carried])',
  },
  {
    name: 'followers-not-awaited',
    what: 'O1: an order is acknowledged before the in-sync followers hold it',
    file: 'src/order/leader.ts',
    find: 'await this.#followers?.held(from + entries.length) // O1',
    replace: '',
  },
  {
    name: 'pushes-not-awaited',
    what: 'step 4: an order is published before the caches have dropped the stock',
    file: 'src/order/leader.ts',
    find: 'const ready = Promise.all([pushed, copied, this.#carried]) // O1',
    replace: 'const ready = Promise.all([[] as string[], copied, this.#carried])',
  },
  {
    name: 'batches-overtake',
    what: 'positions are not published in order: the pushes of the batch before are not awaited',
    file: 'src/order/leader.ts',
    find: 'const ready = Promise.all([pushed, copied, this.#carried]) // O1',
    replace: 'const ready = Promise.all([pushed, copied])',
  },
  {
    name: 'left-behind-not-pushed',
    what: 'step 4: what an earlier leader left unpublished is published without a push',
    file: 'src/order/leader.ts',
    find: 'this.#leftBehind = unpublished.map((entry) => entry.name)',
    replace: '',
  },
  {
    name: 'acknowledged-unpublished',
    what: 'O2: an order is acknowledged before it is published',
    file: 'src/order/leader.ts',
    find: 'await catalogue.publish(end, unreachable) // O2',
    replace: 'void catalogue.publish(end, unreachable).catch(() => undefined)',
  },
  {
    name: 'lost-orders-forgotten',
    what: 'O3: what was in flight when the catalogue went away is never settled',
    file: 'src/order/leader.ts',
    find: 'for (const order of orders) order.settle({ number: UNKNOWN, replayed: false })',
    replace: '',
  },
  {
    name: 'silent-follower-kept',
    what: 'F2: an in-sync follower that is silent holds everybody up for ever',
    file: 'src/order/followers.ts',
    find: 'if (owes && now - follower.heardAt > patience) this.#drop(follower, `silent for ${patience} ms`)',
    replace: '',
  },
  {
    name: 'learner-counts',
    what: 'F1: a follower is called in-sync before it holds everything',
    file: 'src/order/followers.ts',
    find: "if (follower.phase === 'learner' && follower.held >= length) {",
    replace: "if (follower.phase === 'learner') {",
  },
  {
    name: 'held-before-synced',
    what: 'R3: a follower says that it holds what is not on its disk',
    file: 'src/order/follower.ts',
    find: 'const { generation, from, entries, digest, published } = append',
    replace:
      'const { generation, from, entries, digest, published } = append; stream.send({ state: { replicaId: 0, length: from + entries.length, digest } })',
  },
  {
    name: 'unconfirmed-miss',
    what: 'rule 8: a leader says "not found" from its own log, unconfirmed',
    file: 'src/order/service.ts',
    find: 'return (await leader.confirmPublished()) ?? { kind: \'unavailable\' }',
    replace: 'return leader.published',
  },
  {
    name: 'unpublished-hit',
    what: 'invariant 7: an order is shown from the log before it is published',
    file: 'src/order/service.ts',
    find: 'const confirmed = await this.#confirm(number + 1)',
    replace: 'const confirmed = this.#copy.head().length > number ? this.#copy.head().length : await this.#confirm(number + 1)',
  },
  {
    name: 'never-rejoins',
    what: 'a replica that follows nobody does not ask to be taken in',
    file: 'src/order/rejoin.ts',
    find: "if (this.#options.mayFollow() && this.#follower.silence() > SILENCE_MS) await this.#ask()",
    replace: '',
  },
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
    find: 'if (this.#missedPings >= MISSED_PINGS_MAX) this.#down',
    replace: 'if (this.#missedPings < 0) this.#down',
  },
  {
    name: 'stale-generation',
    what: 'R2: entries are appended under a generation below the sealed one',
    file: 'src/order/copy.ts',
    find: "if (generation < head.sealedGeneration) return { kind: 'stale', head } // R2",
    replace: '',
  },
  {
    name: 'recovery-from-some',
    what: 'C2: a lost ledger is recovered from those replicas that happen to answer',
    file: 'src/catalogue/recovery.ts',
    find: 'if (sealed.length === replicas.length) return { sealed, generation }',
    replace: 'if (sealed.length > 0) return { sealed, generation }',
  },
  {
    name: 'second-history',
    what: 'C3: an empty catalogue begins a new history in front of replicas with orders',
    file: 'src/catalogue/recovery.ts',
    find: 'if (!best) return begin(',
    replace: 'return begin(',
  },
  {
    name: 'backup-trusted',
    what: 'C2: a ledger that is behind its replicas (a backup restored) is decided on',
    file: 'src/catalogue/recovery.ts',
    find: 'return newer > 0',
    replace: 'return false',
  },
]
