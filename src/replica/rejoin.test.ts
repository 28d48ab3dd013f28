import { expect, test } from 'vitest'
import { settled } from '../../test/manual-clock.ts'
import { manualRuntime } from '../../test/manual-runtime.ts'
import type { Entry } from '../domain/order.ts'
import { OPENING_CATALOGUE } from '../domain/stock.ts'
import { chainDigest, genesisDigest } from '../storage/chain.ts'
import { memoryOrderLog } from '../storage/memory/order-log.ts'
import type { ReadRequest } from '../wire/messages.ts'
import type { Runtime } from '../wire/runtime.ts'
import { Copy } from './copy.ts'
import { Pace } from './pace.ts'
import { Rejoin } from './rejoin.ts'

const GENESIS = { clusterId: 'c-1', stocks: OPENING_CATALOGUE }
const START = genesisDigest(GENESIS)
const orderOf = (key: string): Entry => {
  return { number: 0, generation: 1, key, fingerprint: 'p', name: 'tesla', type: 'sell', quantity: 1, timeMs: 1 }
}

/** A replica with one order that follows nobody. The ledger holds another one there, until the operator puts back its own. */
async function parted() {
  const { clock, runtime: world } = manualRuntime()
  const ledger = { entry: orderOf('c:theirs'), asked: 0 }
  const log = memoryOrderLog({ diskId: 'disk-1' })
  await log.seal(1, GENESIS)
  await log.append([orderOf('c:own')], chainDigest(START, orderOf('c:own')))
  const call = async (_address: string, _method: string, { from, limit }: ReadRequest) => {
    ledger.asked += 1
    const entries = [ledger.entry].slice(from, from + limit)
    const digest = from + entries.length === 0 ? START : chainDigest(START, ledger.entry)
    return { entries, digest, length: 1, generation: 1, recoveredGeneration: 0 }
  }
  const network = { ...world.network, call, httpGet: async () => ({ status: 503, body: {} }) }
  const rejoin = new Rejoin({ ...world, network } as unknown as Runtime, new Copy(log, new Pace(clock)), {
    frontEndAddress: 'front-end:1',
    catalogueAddress: 'catalogue:1',
    ownAddress: () => 'order-1:1',
    leads: () => false,
    isLed: () => false,
    isAtRest: () => false,
    trouble: () => undefined,
    catchUp: async () => {},
  })
  const pass = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += 100) {
      clock.pass(100)
      for (let turn = 0; turn < 5; turn += 1) await settled()
    }
  }
  rejoin.differs()
  rejoin.start()
  await pass(200)
  return { rejoin, ledger, pass }
}

test('a log that is another history is seldom compared with the ledger again, and says why all the time', async () => {
  const { rejoin, ledger, pass } = await parted()
  const { asked } = ledger
  expect([asked > 0, rejoin.parted]).toEqual([true, expect.stringContaining('two histories')])
  await pass(4_000)
  expect([ledger.asked, rejoin.solitude.why]).toEqual([asked, rejoin.parted])
  await pass(2_000)
  expect(ledger.asked).toBe(2 * asked)
  rejoin.close()
})

test('it is one history again when the operator has put back the ledger that the log belongs to', async () => {
  const { rejoin, ledger, pass } = await parted()
  ledger.entry = orderOf('c:own')
  await pass(6_000)
  expect([rejoin.parted, rejoin.solitude.why]).toEqual([undefined, 'front end front-end:1 knows no leader'])
  rejoin.close()
})
