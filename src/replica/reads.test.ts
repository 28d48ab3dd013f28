import { expect, test } from 'vitest'
import { ManualClock, settled } from '../../test/manual-clock.ts'
import { OPENING_CATALOGUE } from '../domain/stock.ts'
import { PATIENT_ASKER } from '../runtime/gate.ts'
import { chainDigest, genesisDigest } from '../storage/chain.ts'
import { memoryOrderLog } from '../storage/memory/order-log.ts'
import { Copy } from './copy.ts'
import { Pace } from './pace.ts'
import { Reads } from './reads.ts'
import type { Role } from './role.ts'

const GENESIS = { clusterId: 'c-1', stocks: OPENING_CATALOGUE }
const ORDER = { name: 'tesla', type: 'sell', quantity: 1, generation: 1, fingerprint: 'print', timeMs: 1 } as const
const ENTRIES = Array.from({ length: 300 }, (_, number) => ({ ...ORDER, number, key: `c:${number}` }))
const DIGEST = ENTRIES.reduce(chainDigest, genesisDigest(GENESIS))

/** Reads of a log of 300 entries that is taking orders. `read` returns how many entries the answer has, once it has come. */
async function readsWhileTrading() {
  const clock = new ManualClock()
  const copy = new Copy(memoryOrderLog({ diskId: 'disk-1' }), new Pace(clock))
  await copy.seal(1, GENESIS)
  await copy.extend(1, 0, ENTRIES, DIGEST)
  const reads = new Reads(clock, copy, {} as Role)
  const read = (from: number, limit: number) => {
    let answer: number | undefined
    void reads.read({ from, limit }, PATIENT_ASKER).then(({ entries }) => (answer = entries.length))
    return async (ms: number) => {
      for (let turn = 0; turn < 5; turn += 1) {
        clock.pass(0)
        await settled()
      }
      clock.pass(ms)
      await settled()
      clock.pass(0)
      await settled()
      return answer
    }
  }
  return { read }
}

test('while orders come, the answer with a page comes after a rest', async () => {
  const { read } = await readsWhileTrading()
  const answer = read(0, 300)
  expect([await answer(0), await answer(1)]).toEqual([undefined, 300])
})

test('few entries, and a digest alone, are answered at once', async () => {
  const { read } = await readsWhileTrading()
  expect([await read(0, 100)(0), await read(300, 0)(0)]).toEqual([100, 0])
})
