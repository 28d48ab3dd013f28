import { readdirSync } from 'node:fs'
import { expect, test } from 'vitest'
import { LIMITS } from '../../src/domain/limits.ts'
import type { OrderData } from '../../src/http/types.ts'
import type { MessageStream, StreamMethod, UnaryMethod } from '../../src/wire/network.ts'
import type { RpcError } from '../../src/wire/rpc-error.ts'
import { silentLogger } from '../../src/runtime/logger.ts'
import type { CatalogueStatus, LeaderToCatalogue } from '../../src/wire/messages.ts'
import { grpcNetwork } from '../../src/rpc/network.ts'
import { leaderOf, place } from '../contract/conformance/target.ts'
import { checkEndState } from '../end-state.ts'
import { type BareSystem, bareSystem } from './bare-system.ts'
import { wholeAgain } from './whole.ts'

/** Tests that send long texts and large numbers, as peers of any make may. */

const DEADLINE_MS = 60_000
const MIB = 1024 * 1024
const network = grpcNetwork({ host: '127.0.0.1', log: silentLogger, streams: 'frames' })
const EDGES = [2 ** 63, 2 ** 53, 2 ** 53 - 1, 2 ** 53 - 2, -(2 ** 63), -(2 ** 53) + 1]

/** Makes a call. Resolves with its answer, or with the code and the words of its refusal. */
const outcomeOf = (address: string, method: UnaryMethod, request: object): Promise<string> =>
  network.call(address, method, request as never, DEADLINE_MS).then(
    (answer) => `OK ${JSON.stringify(answer)}`,
    (error: RpcError) => `${error.code}: ${error.message}`,
  )

const synchronize = (address: string, orderNum: number, synchronizedAdd = ''): Promise<string> =>
  network.callStreaming(address, 'Order.Synchronize', { orderNum, synchronizedAdd, overReplicate: false }, DEADLINE_MS).then(
    (orders) => `OK ${orders.length}`,
    (error: RpcError) => `${error.code}: ${error.message}`,
  )

/**
 * Sends messages on a stream, each one when something has come back for the one before. Resolves with what came back, and
 * with the reason of its end, once it is over.
 */
async function talk(address: string, method: StreamMethod, messages: readonly object[]): Promise<{ heard: object[]; why: string }> {
  const heard: object[] = []
  const left = [...messages]
  const sendNext = () => {
    const message = left.shift()
    if (message) stream.send(message)
  }
  const over = Promise.withResolvers<string>()
  const stream = network.openStream(address, method, {
    message: (message: object) => {
      heard.push(message)
      sendNext()
    },
    closed: ({ code, message }) => over.resolve(`${code}: ${message}`),
  }) as MessageStream<object>
  sendNext()
  return { heard, why: await over.promise }
}

const order = (more: object) => ({ stockName: 'tesla', stockTradeQuantity: 1, tradeType: 'sell', key: '', ...more })

/** Returns the files that processes have put aside or marked. */
const putAside = (system: BareSystem): string[] =>
  readdirSync(system.dataDir, { recursive: true, encoding: 'utf8' }).filter((path) => /\.db\.(damaged|replaced)/.test(path))

test('messages at the edge of what their fields can hold are refused, and nothing is lost by them', async () => {
  await using system = await bareSystem()
  system.start(...system.names)
  await system.untilTrading()
  const sold: OrderData[] = []
  const sell = async () => {
    sold.push({ number: await place(system, 'apple', 'sell', 1), name: 'apple', type: 'sell', quantity: 1 })
  }
  await sell()
  const { catalogue } = system
  const replicas = system.replicas.map(({ address }) => address)

  for (const key of ['k'.repeat(LIMITS.idempotencyKeyCharactersMax + 1), 'k'.repeat(15 * MIB), 'two words', 'ключ']) {
    expect(await outcomeOf(catalogue, 'Catalog.Trade', order({ key }))).toMatch(/^INVALID_ARGUMENT: tradeStockName\.key /)
    expect(await outcomeOf(await leaderOf(system), 'Order.Request', order({ key }))).toMatch(/^INVALID_ARGUMENT: requestStockName\.key /)
  }
  expect(await outcomeOf(catalogue, 'Catalog.Trade', order({ stockName: 'x'.repeat(MIB) }))).toMatch(
    /^INVALID_ARGUMENT: tradeStockName\.stockName /,
  )
  expect(await outcomeOf(catalogue, 'Catalog.Trade', order({ stockName: 'x'.repeat(1_000) }))).toMatch(/"resultTrade":-1/)
  expect(await outcomeOf(catalogue, 'Catalog.Trade', order({ stockTradeQuantity: 2 ** 63 }))).toMatch(/"resultTrade":-3/)
  expect(await outcomeOf(catalogue, 'Catalog.Trade', order({ tradeType: 'x'.repeat(1_000) }))).toMatch(/"resultTrade":-2/)
  await sell()

  const { clusterId } = (await network.call(catalogue, 'Catalog.Status', {}, DEADLINE_MS)) as CatalogueStatus
  for (const address of replicas) {
    for (const edge of EDGES) {
      expect(await outcomeOf(address, 'Order.Seal', { generation: edge, catalogueId: '' })).toMatch(
        /^INVALID_ARGUMENT: SealRequest\.generation /,
      )
      const assignment = { followerOne: '', followerTwo: '', epoch: edge, clusterId }
      expect(await outcomeOf(address, 'Order.AssignFollowers', assignment)).toMatch(/^INVALID_ARGUMENT: followersAssigned\.epoch /)
      expect(await outcomeOf(address, 'Order.Read', { from: edge, limit: 1 })).toMatch(/^INVALID_ARGUMENT: ReadRequest\.from /)
      expect(await synchronize(address, edge)).toMatch(/^INVALID_ARGUMENT: synchronizeTransNum\.orderNum /)
      expect(await outcomeOf(address, 'Order.Lookup', { orderNum: edge })).toMatch(/^OK \{"orderNum":-1/)
      const propagated = { ...order({}), orderNum: edge }
      expect(await outcomeOf(address, 'Order.Propagate', propagated)).toBe('OK {"resultPropagate":0}')
    }
    expect(await synchronize(address, -2)).toMatch(/^INVALID_ARGUMENT/)
    expect(await outcomeOf(address, 'Order.Read', { from: LIMITS.logLengthMax, limit: 2 ** 31 - 1 })).toMatch(
      /^OK \{"entries":\[\],"digest":""/,
    )
    expect(await outcomeOf(address, 'Order.Read', { from: 0, limit: -1 })).toMatch(/^INVALID_ARGUMENT/)
  }
  expect(await synchronize(await leaderOf(system), -1)).toMatch(/^OK [1-9]/)
  expect(await synchronize(await leaderOf(system), -1, 'x')).toMatch(/^INVALID_ARGUMENT: synchronizeTransNum\.synchronizedAdd /)
  await sell()

  // All replicas are elected with the highest epoch there is. One of them stays the leader, and the others follow it.
  for (const address of replicas) {
    const assignment = { followerOne: '', followerTwo: '', epoch: LIMITS.epochMax, clusterId }
    expect(await outcomeOf(address, 'Order.AssignFollowers', assignment)).toBe('OK {"resultFollowers":1}')
  }
  await wholeAgain(system)
  await sell()

  const session = { frontEndId: 'f', address: '127.0.0.1:1', caching: true }
  for (const named of [
    ['x'],
    ['-1=127.0.0.1:1'],
    [`${2 ** 60}=127.0.0.1:1`],
    Array.from({ length: 2_000 }, (_, i) => `${i}=127.0.0.1:${i + 1}`),
  ]) {
    const { why } = await talk(catalogue, 'Catalog.Session', [{ hello: { ...session, replicas: named } }])
    expect(why).toMatch(/^INVALID_ARGUMENT: FrontEndToCatalogue\.hello\.replicas/)
  }
  const { length, digest } = (await network.call(catalogue, 'Catalog.Status', {}, DEADLINE_MS)) as CatalogueStatus
  const hello = { replicaId: 1, address: replicas[0]!, clusterId, length, digest, sealedGeneration: 1, lastGeneration: 1 }
  const stranger = await talk(catalogue, 'Catalog.Lead', [{ hello: { ...hello, replicaId: -1 } }])
  expect(stranger.why).toMatch(/^INVALID_ARGUMENT: LeaderToCatalogue\.hello\.replicaId /)
  for (const position of [length + 1, LIMITS.logLengthMax]) {
    const messages: Partial<LeaderToCatalogue>[] = [{ hello }, { publish: { position, unreachable: [] } }]
    const { heard } = await talk(catalogue, 'Catalog.Lead', messages)
    expect(JSON.stringify(heard.at(-1))).toContain(`position ${position} cannot be published`)
  }
  await sell()

  await system.end(...system.names)
  system.start(...system.names)
  await system.untilTrading()
  await wholeAgain(system)
  const log = await checkEndState(system, sold)
  expect(log).toHaveLength(sold.length)
  expect(putAside(system)).toEqual([])
})
