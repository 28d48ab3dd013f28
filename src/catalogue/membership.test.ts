import { expect, test } from 'vitest'
import { OPENING_CATALOGUE } from '../domain/stock.ts'
import type { OrderRequest } from '../domain/order.ts'
import type { SealRequest } from '../wire/messages.ts'
import { systemClock } from '../runtime/clock.ts'
import { RpcError } from '../wire/rpc-error.ts'
import { silentLogger } from '../runtime/logger.ts'
import type { Runtime } from '../wire/runtime.ts'
import { MemoryLedgerStore } from '../storage/memory/ledger-store.ts'
import { decide } from './decide.ts'
import { Membership } from './membership.ts'
import { Seals } from './seals.ts'

const GENESIS = { clusterId: 'c-1', stocks: OPENING_CATALOGUE }
const REPLICA = { replicaId: 2, address: 'order-2:1' }
const ORDER: OrderRequest = { key: 'c:1', fingerprint: 'print', name: 'tesla', type: 'sell', quantity: 1 }

/** A catalogue whose ledger holds one order, and that could not reach a replica with `length` orders when it started. */
async function startedAlone({ length, reachableAgain }: { length: number; reachableAgain: boolean }) {
  const store = new MemoryLedgerStore()
  const ledger = await store.rebuild({ genesis: GENESIS, generation: 1, replicas: [] }, noPages())
  await ledger.decide(decide, [ORDER], 1)
  let isReachable = false
  const halted: string[] = []
  const call = async (_address: string, _method: string, { generation }: SealRequest) => {
    if (!isReachable) throw new Error('connection refused')
    return { clusterId: 'c-1', length, lastGeneration: 1, sealedGeneration: generation, replicaId: 2 }
  }
  const halt = (reason: Error) => void halted.push(reason.message)
  const runtime = { clock: systemClock, log: silentLogger, network: { call }, halt } as unknown as Runtime
  const closing = new AbortController()
  const options = { seals: new Seals(runtime, 'life-1'), replicas: [], lost: [], alone: false }
  const membership = new Membership(runtime, ledger, options, closing.signal)
  await membership.load({ replicas: [REPLICA], unread: [REPLICA] }, { areAllNamed: true })
  const refusalAtStart = membership.refusal
  isReachable = reachableAgain
  const refusal = await membership.lookAgain()
  closing.abort()
  return { refusalAtStart, refusal, halted }
}

async function* noPages(): AsyncIterable<never> {}

test('a replica that is out of reach stops no trade', async () => {
  expect(await startedAlone({ length: 5, reachableAgain: false })).toEqual({ halted: [] })
})

test('one that is in reach again and holds more does: the ledger is an old copy (C4)', async () => {
  const { refusalAtStart, refusal, halted } = await startedAlone({ length: 5, reachableAgain: true })
  expect(refusalAtStart).toBeUndefined()
  expect(refusal).toMatch('replica 2 holds 5 entries, the ledger 1')
  expect(halted).toEqual([expect.stringMatching('starting over to recover')])
})

test('one that is in reach again and holds as much does not', async () => {
  expect(await startedAlone({ length: 1, reachableAgain: true })).toEqual({ halted: [] })
})

/** A catalogue with orders that remembers a replica at an address where another system's answers. */
async function replacedBy({ named }: { named: boolean }) {
  const ledger = await new MemoryLedgerStore().rebuild({ genesis: GENESIS, generation: 1, replicas: [REPLICA] }, noPages())
  await ledger.decide(decide, [ORDER], 1)
  const call = async () => {
    throw new RpcError('FAILED_PRECONDITION', 'this replica was started for another catalogue')
  }
  const runtime = { clock: systemClock, log: silentLogger, network: { call } } as unknown as Runtime
  const closing = new AbortController()
  const options = { seals: new Seals(runtime, 'life-1'), replicas: named ? [REPLICA] : [], lost: [], alone: false }
  const membership = new Membership(runtime, ledger, options, closing.signal)
  await membership.load({ replicas: [REPLICA], unread: [REPLICA] }, { areAllNamed: named })
  const refusal = await membership.lookAgain()
  closing.abort()
  return { refusal, known: await ledger.knownReplicas(), addresses: [...membership.addresses.values()] }
}

test('a replica whose address is another system’s by now is forgotten (C6)', async () => {
  expect(await replacedBy({ named: false })).toEqual({ refusal: undefined, known: [], addresses: [] })
})

test('one that the operator names there stays, like one that cannot be reached (C6)', async () => {
  expect(await replacedBy({ named: true })).toEqual({ refusal: undefined, known: [REPLICA], addresses: [REPLICA.address] })
})

/** A front end names replica 2 at another address than it was met at; `answers` says how the replica there takes it. */
async function namedElsewhere(answers: () => object) {
  const ledger = await new MemoryLedgerStore().rebuild({ genesis: GENESIS, generation: 1, replicas: [REPLICA] }, noPages())
  await ledger.decide(decide, [ORDER], 1)
  const runtime = { clock: systemClock, log: silentLogger, network: { call: async () => answers() } } as unknown as Runtime
  const closing = new AbortController()
  const options = { seals: new Seals(runtime, 'life-1'), replicas: [], lost: [], alone: false }
  const membership = new Membership(runtime, ledger, options, closing.signal)
  await membership.load({ replicas: [REPLICA], unread: [] }, { areAllNamed: false })
  membership.introduceAll([{ replicaId: 2, address: 'elsewhere:1' }])
  await membership.lookAgain()
  closing.abort()
  return { known: await ledger.knownReplicas(), refusal: membership.refusal }
}

test('a front end of another system does not change what address a replica has (C6)', async () => {
  const refuse = () => {
    throw new RpcError('FAILED_PRECONDITION', 'this replica was started for another catalogue')
  }
  expect(await namedElsewhere(refuse)).toEqual({ known: [REPLICA], refusal: undefined })
})

test('a replica that has moved is remembered where it is now, once it was looked into (C6)', async () => {
  const state = () => ({ clusterId: 'c-1', length: 1, lastGeneration: 1, sealedGeneration: 1, replicaId: 2 })
  expect(await namedElsewhere(state)).toEqual({ known: [{ replicaId: 2, address: 'elsewhere:1' }], refusal: undefined })
})

test('the replicas that the operator names are remembered', async () => {
  const ledger = await new MemoryLedgerStore().rebuild({ genesis: GENESIS, generation: 1, replicas: [] }, noPages())
  const runtime = { clock: systemClock, log: silentLogger } as unknown as Runtime
  const options = { seals: new Seals(runtime, 'life-1'), replicas: [REPLICA], lost: [], alone: false }
  const membership = new Membership(runtime, ledger, options, new AbortController().signal)
  await membership.load({ replicas: [REPLICA], unread: [] }, { areAllNamed: true })
  expect(await ledger.knownReplicas()).toEqual([REPLICA])
  expect([...membership.addresses]).toEqual([[2, 'order-2:1']])
})
