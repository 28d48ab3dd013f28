import { expect, test } from 'vitest'
import { settled } from '../../test/manual-clock.ts'
import { ManualServedStream } from '../../test/manual-network.ts'
import { LIMITS } from '../domain/limits.ts'
import type { OrderRequest } from '../domain/order.ts'
import { OPENING_CATALOGUE } from '../domain/stock.ts'
import { silentLogger } from '../runtime/logger.ts'
import type { CatalogueToLeader, LeaderToCatalogue } from '../wire/messages.ts'
import { memoryLedger } from '../storage/memory/ledger.ts'
import { decide } from './decide.ts'
import { Delivery } from './delivery.ts'
import { LeadStream } from './lead-stream.ts'
import { Publication } from './publication.ts'
import type { Sessions } from './sessions.ts'

const SESSION = { frontEndId: 'fe-1', address: 'front-end:1' }

/** A ledger with that many orders, and the delivery of it to a leader that holds some. */
async function delivering(length: number, held: number) {
  const ledger = memoryLedger({ genesis: { clusterId: 'c-1', stocks: OPENING_CATALOGUE } })
  const publication = new Publication(OPENING_CATALOGUE, 0, [])
  let orders = 0
  const sell = (): OrderRequest => ({ key: `c:${orders++}`, fingerprint: 'print', name: 'tesla', type: 'sell', quantity: 1 })
  /** Decides so many orders in one batch. */
  const decided = async (count: number) => {
    const batch = await ledger.decide(decide, Array.from({ length: count }, sell), 0)
    publication.addDecided(batch.entries)
    return batch
  }
  await decided(length)
  let stream!: LeadStream
  const leader = new ManualServedStream<CatalogueToLeader, LeaderToCatalogue>((wire) => {
    stream = new LeadStream(wire, { greeted() {}, traded() {}, toPublish() {}, toConfirm() {}, gone() {} })
    return stream.start()
  })
  const sessions = { live: () => [SESSION] } as unknown as Sessions
  const delivery = new Delivery({ ledger, publication, sessions, log: silentLogger }, stream, held)
  /** The batch, the numbers of the entries, and the outcomes of each message that the leader has. */
  const messages = () =>
    leader.sent.map(({ decided }) => ({
      batch: decided!.batch,
      numbers: decided!.entries.map(({ number }) => number),
      outcomes: decided!.outcomes.map(({ number }) => number),
    }))
  return { delivery, decided, leader, ledger, publication, messages }
}

/** A message that carries entries alone. */
const carried = (...numbers: number[]) => ({ batch: -1, numbers, outcomes: [] })

test('before its start nothing is sent', async () => {
  const { leader } = await delivering(3, 1)
  await settled()
  expect(leader.sent).toEqual([])
})

test('it begins with what the leader lacks, and the digest after it', async () => {
  const { delivery, leader, ledger, messages } = await delivering(3, 1)
  delivery.start()
  await settled()
  expect(messages()).toEqual([carried(1, 2), carried()])
  expect(leader.sent[0]!.decided).toMatchObject({ digest: ledger.head().digest, published: 0, sessions: [SESSION] })
})

test('a leader that lacks nothing hears what is published and who has a session', async () => {
  const { delivery, leader, publication } = await delivering(2, 2)
  publication.publish(2)
  delivery.start()
  await settled()
  expect(leader.sent).toEqual([{ decided: { batch: -1, outcomes: [], entries: [], digest: '', published: 2, sessions: [SESSION] } }])
})

test('what is decided while the gap is closed follows it, each entry once', async () => {
  const { delivery, decided, messages } = await delivering(2, 0)
  delivery.start()
  delivery.carry(await decided(1))
  delivery.carry(await decided(2))
  await settled()
  expect(messages().flatMap(({ numbers }) => numbers)).toEqual([0, 1, 2, 3, 4])
})

test('outcomes travel with the entries that they are about', async () => {
  const { delivery, decided, messages } = await delivering(0, 0)
  const group = await decided(2)
  delivery.answer(group, { batch: 5, outcomes: group.outcomes })
  await settled()
  expect(messages()).toEqual([{ batch: 5, numbers: [0, 1], outcomes: [0, 1] }])
})

test('outcomes follow entries that were decided before and not delivered', async () => {
  const { delivery, decided, messages } = await delivering(1, 0)
  const group = await decided(1)
  delivery.answer(group, { batch: 5, outcomes: group.outcomes })
  await settled()
  expect(messages()).toEqual([carried(0, 1), { batch: 5, numbers: [], outcomes: [1] }])
})

test('entries that closed the gap are not delivered again with their outcomes', async () => {
  const { delivery, decided, messages } = await delivering(0, 0)
  const group = await decided(1)
  delivery.start()
  delivery.answer(group, { batch: 5, outcomes: group.outcomes })
  await settled()
  expect(messages()).toEqual([carried(0), carried(), { batch: 5, numbers: [], outcomes: [0] }])
})

test('a group without entries concerns only the one who asked', async () => {
  const { delivery, decided, messages } = await delivering(0, 0)
  const nothing = await decided(0)
  delivery.carry(nothing)
  delivery.answer(nothing, { batch: 5, outcomes: [{ kind: 'key-reused' }] })
  await settled()
  expect(messages()).toMatchObject([{ batch: 5, numbers: [] }])
})

test('the next piece of a long gap is read when the leader has taken the one before', async () => {
  const { delivery, leader, messages } = await delivering(LIMITS.catchUpBatchMax + 1, 0)
  leader.takesAll = false
  delivery.start()
  await settled()
  expect(messages().map(({ numbers }) => numbers.length)).toEqual([LIMITS.catchUpBatchMax])
  leader.take()
  await settled()
  expect(messages()[1]).toEqual(carried(LIMITS.catchUpBatchMax))
})

test('a confirmation comes after all that is on its way, and tells what is published then', async () => {
  const { delivery, decided, leader, publication } = await delivering(0, 0)
  delivery.carry(await decided(1))
  delivery.confirm(9)
  publication.publish(1)
  await settled()
  expect(leader.sent).toMatchObject([{ decided: { entries: [{ number: 0 }] } }, { confirmed: { confirm: 9, published: 1 } }])
})

test('a ledger that cannot be read ends the stream', async () => {
  const { delivery, leader, ledger } = await delivering(1, 0)
  await ledger.close()
  delivery.start()
  await settled()
  expect([leader.sent, leader.isOpen]).toEqual([[], false])
})

test('when the leader has left, the rest of its gap is not read', async () => {
  const { delivery, leader, ledger } = await delivering(LIMITS.catchUpBatchMax + 1, 0)
  const asked: number[] = []
  const { entries } = ledger
  ledger.entries = (from, limit) => {
    asked.push(from)
    return entries.call(ledger, from, limit)
  }
  leader.takesAll = false
  delivery.start()
  await settled()
  leader.close()
  await settled()
  expect(asked).toEqual([0])
})
