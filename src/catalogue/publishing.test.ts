import { expect, test } from 'vitest'
import { settled } from '../../test/manual-clock.ts'
import { OPENING_CATALOGUE } from '../domain/stock.ts'
import type { OrderRequest } from '../domain/order.ts'
import { silentLogger } from '../runtime/logger.ts'
import type { Refusal } from '../wire/messages.ts'
import { refusal } from '../wire/refusal.ts'
import { memoryLedger } from '../storage/memory/ledger.ts'
import { decide } from './decide.ts'
import type { LeadStream } from './lead-stream.ts'
import { Publication } from './publication.ts'
import { publishAlone, Publishing } from './publishing.ts'
import type { Sessions } from './sessions.ts'

const sell = (key: string): OrderRequest => ({ key, fingerprint: 'print', name: 'tesla', type: 'sell', quantity: 1 })

/** A ledger of three orders that are not published. Sessions end when the test says so. */
async function publishing() {
  const ledger = memoryLedger({ genesis: { clusterId: 'c-1', stocks: OPENING_CATALOGUE } })
  const publication = new Publication(OPENING_CATALOGUE, 0, [])
  publication.addDecided((await ledger.decide(decide, ['c:a', 'c:b', 'c:c'].map(sell), 0)).entries)
  const ending: { readonly whose: readonly string[]; readonly end: () => void }[] = []
  const ends = (whose: readonly string[]) => new Promise<void>((end) => ending.push({ whose, end }))
  const sessions = { refuse: ends, endAll: () => ends(['all']) } as unknown as Sessions
  const told: (number | Refusal)[] = []
  const stream = {
    published: (position: number) => void told.push(position),
    refuse: (refused: Refusal) => void told.push(refused),
  } as unknown as LeadStream
  const world = { ledger, publication, sessions, log: silentLogger }
  return { world, ledger, publication, ending, told, leader: new Publishing(world, stream, 3) }
}

test('what a leader asks for is shown, noted in the ledger, and told', async () => {
  const { leader, publication, ledger, told } = await publishing()
  leader.publishInTurn({ position: 2, unreachable: [] })
  await settled()
  expect([publication.published, ledger.head().publishedAtLeast, told]).toEqual([2, 2, [2]])
})

test('S1: it is shown when the sessions that were not reached are over', async () => {
  const { leader, publication, ending, told } = await publishing()
  leader.publishInTurn({ position: 1, unreachable: ['fe-1', 'fe-2'] })
  await settled()
  expect([ending.map(({ whose }) => whose), publication.published, told]).toEqual([[['fe-1', 'fe-2']], 0, []])
  ending[0]!.end()
  await settled()
  expect([publication.published, told]).toEqual([1, [1]])
})

test('S1: a later position does not overtake an earlier one that waits', async () => {
  const { leader, publication, ending, told } = await publishing()
  leader.publishInTurn({ position: 1, unreachable: ['fe-1'] })
  leader.publishInTurn({ position: 3, unreachable: [] })
  await settled()
  expect(publication.published).toBe(0)
  ending[0]!.end()
  await settled()
  expect(told).toEqual([1, 3])
})

test('a leader is told what is published already, though it asks for less', async () => {
  const { leader, told } = await publishing()
  leader.publishInTurn({ position: 2, unreachable: [] })
  leader.publishInTurn({ position: 0, unreachable: [] })
  await settled()
  expect(told).toEqual([2, 2])
})

test('a leader that asks for more than there is is refused, and no session ends for it', async () => {
  const { leader, publication, ending, told } = await publishing()
  leader.publishInTurn({ position: 4, unreachable: ['fe-1'] })
  await settled()
  expect(told).toEqual([refusal('position 4 cannot be published: the ledger has 3 entries')])
  expect([publication.published, ending]).toEqual([0, []])
})

test('S1: without a leader it is shown when all sessions are over', async () => {
  const { world, publication, ledger, ending } = await publishing()
  const done = publishAlone(world, 3)
  await settled()
  expect([ending.map(({ whose }) => whose), publication.published]).toEqual([[['all']], 0])
  ending[0]!.end()
  await done
  expect([publication.published, ledger.head().publishedAtLeast]).toEqual([3, 3])
})
