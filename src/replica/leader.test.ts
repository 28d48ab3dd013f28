import { expect, onTestFinished, test } from 'vitest'
import { OPENING_CATALOGUE } from '../domain/stock.ts'
import { nextTurn, systemClock } from '../runtime/clock.ts'
import { silentLogger } from '../runtime/logger.ts'
import type { StreamHandlers } from '../wire/network.ts'
import { RpcError } from '../wire/rpc-error.ts'
import type { Runtime } from '../wire/runtime.ts'
import type { CatalogueToLeader, LeaderToFollower } from '../wire/messages.ts'
import type { Genesis } from '../storage/chain.ts'
import { memoryOrderLog } from '../storage/memory/order-log.ts'
import { Copy } from './copy.ts'
import { Leader } from './leader.ts'
import { Pace } from './pace.ts'
import type { Pushes } from './pushes.ts'

const LOST: Genesis = { clusterId: 'c-lost', stocks: OPENING_CATALOGUE }
const NEXT: Genesis = { clusterId: 'c-next', stocks: OPENING_CATALOGUE }
const OPTIONS = {
  replicaId: 3,
  epoch: 1,
  address: 'order-3:1',
  catalogueAddress: 'catalogue:1',
  followers: ['order-2:1'],
  publishedGrew: () => {},
  unfit: () => {},
}

/** A leader with an empty log whose disk takes as long as the test wants. */
function newLeader() {
  const log = memoryOrderLog({ diskId: 'disk-3' })
  const sealNow = log.seal.bind(log)
  const seals: (() => void)[] = []
  log.seal = async (...seal) => {
    await new Promise<void>((resolve) => seals.push(resolve))
    return sealNow(...seal)
  }
  const catalogue: StreamHandlers<CatalogueToLeader>[] = []
  const offered: unknown[] = []
  const toFollower = { send: ({ hello }: LeaderToFollower) => void offered.push(hello?.genesis), close: () => {} }
  const openStream = (_address: string, method: string, handlers: StreamHandlers<CatalogueToLeader>) => {
    if (method === 'Order.Replicate') return toFollower
    catalogue.push(handlers)
    return { send: () => {}, close: () => {} }
  }
  const runtime = { clock: systemClock, log: silentLogger, network: { openStream } } as unknown as Runtime
  const leader = new Leader(runtime, OPTIONS, new Copy(log, new Pace(runtime.clock)), {} as Pushes)
  leader.start()
  onTestFinished(() => leader.close('the test is over'))
  const welcome = (genesis: Genesis) => catalogue.at(-1)?.message({ welcome: { generation: 1, length: 0, published: 0, genesis } })
  return { leader, catalogue, seals, offered, welcome }
}

test('a welcome that is taken in when its stream is over begins nothing', async () => {
  const { leader, catalogue, seals, offered, welcome } = newLeader()
  await expect.poll(() => catalogue).toHaveLength(1)
  welcome(LOST)
  await expect.poll(() => seals).toHaveLength(1)
  catalogue[0]?.closed(new RpcError('UNAVAILABLE', 'killed'))
  seals[0]?.()
  await nextTurn(systemClock)
  expect(leader.phase).toBe('connecting')
  expect(offered).toEqual([])

  await expect.poll(() => catalogue).toHaveLength(2)
  welcome(NEXT)
  await expect.poll(() => seals).toHaveLength(2)
  seals[1]?.()
  await expect.poll(() => offered).toEqual([NEXT])
})
