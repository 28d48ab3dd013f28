import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { Agent } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { OPENING_CATALOGUE } from '../../src/domain/stock.ts'
import { formsOf, methodDefinition } from '../../src/rpc/definitions.ts'
import { type Cluster, startCluster } from '../cluster.ts'
import { ask, order } from '../contract/conformance/http.ts'
import { FrameCalls, Pipeline, READ_2000, tradeDuring, UnreadCalls } from './floods.ts'
import { lateAnswers } from './load.ts'
import { eventually, HOPELESS_MS, inOneTry } from './process.ts'

const MEMORY_MAX_BYTES = 1_000_000_000
const ORDERS = 2_000

const clients: { close(): void }[] = []
afterEach(() => {
  for (const client of clients.splice(0)) client.close()
})
const pipelineTo = (address: string): Pipeline => {
  const pipeline = new Pipeline(address)
  clients.push(pipeline)
  return pipeline
}
const callsTo = (address: string): UnreadCalls => {
  const calls = new UnreadCalls(address)
  clients.push(calls)
  return calls
}

const framesTo = (...opening: ConstructorParameters<typeof FrameCalls>): FrameCalls => {
  const calls = new FrameCalls(...opening)
  clients.push(calls)
  return calls
}

/** Checks that `flood` does not slow trading or end a process, neither while it lasts nor afterwards. */
const isUnharmedBy = (cluster: Cluster, flood: () => Promise<unknown>): Promise<void> =>
  inOneTry(async () => {
    const seen = await tradeDuring(cluster, 20, flood)
    for (const client of clients.splice(0)) client.close()
    expect(seen.wrong).toEqual([])
    expect(seen.memoryBytes).toBeLessThan(MEMORY_MAX_BYTES)
    return [...lateAnswers(seen), ...(seen.elections > 0 ? [`${seen.elections} elections`] : [])]
  })

async function placeMany({ frontEnd }: Cluster, count: number): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 128 })
  const orders = Array.from({ length: count }, (_, at) =>
    order(frontEnd, { name: 'tesla', type: at % 2 ? 'buy' : 'sell', quantity: 1 }, { agent }),
  )
  for (const { status } of await Promise.all(orders)) expect(status).toBe(200)
  agent.destroy()
}

const untilAnswered = (pipeline: Pipeline, answers: number): Promise<true> =>
  eventually(`${answers} answers, not ${pipeline.answers}`, HOPELESS_MS, () => pipeline.answers >= answers || undefined)
const untilCut = (connections: readonly { readonly isClosed: boolean }[]): Promise<true> =>
  eventually('readers that do not read are cut', HOPELESS_MS, () => connections.every(({ isClosed }) => isClosed) || undefined)

describe('a system with some thousand orders', () => {
  let cluster: Cluster
  beforeAll(async () => {
    cluster = await startCluster()
    await placeMany(cluster, ORDERS)
  })
  afterAll(() => cluster.stop())

  test.each([
    ['GET /orders?limit=1000', 1_000],
    ['HEAD /orders?limit=1000', 1_000],
    [`GET /orders?limit=1000&after=${ORDERS - 1_000}`, 500],
    ['GET /status', 2_000],
    ['GET /docs/json', 1_000],
    ['GET /docs/static/swagger-ui-bundle.js', 100],
    ['GET /cache/tesla', 3_000],
    ['GET /stocks/nobody%20has%20it', 3_000],
    ['GET /stocks', 2_000],
  ])('%s, %d times behind each other on one connection: each is answered, and trading goes on', async (requestLine, count) => {
    await isUnharmedBy(cluster, async () => {
      const pipeline = pipelineTo(cluster.frontEnd).read().send(requestLine, count)
      await untilAnswered(pipeline, count)
      expect(Object.fromEntries(pipeline.statuses)).toEqual({ [requestLine.includes('nobody') ? 404 : 200]: count })
    })
  })

  test('the same from many connections at once', async () => {
    await isUnharmedBy(cluster, async () => {
      const pipelines = Array.from({ length: 300 }, (_, at) =>
        pipelineTo(cluster.frontEnd)
          .read()
          .send(at % 3 ? 'GET /orders?limit=1000' : 'GET /status', 5),
      )
      await Promise.all(pipelines.map((pipeline) => untilAnswered(pipeline, 5)))
      for (const { statuses } of pipelines) for (const status of statuses.keys()) expect([200, 503]).toContain(status)
    })
  })

  test('who reads no answer is cut, and holds up nobody meanwhile', async () => {
    const paths = ['/docs/json', '/orders?limit=1000', '/docs/static/swagger-ui-bundle.js']
    await isUnharmedBy(cluster, async () => {
      const unread = Array.from({ length: 16 }, (_, at) => pipelineTo(cluster.frontEnd).send(`GET ${paths[at % paths.length]}`, 4_000))
      for (let round = 0; round < 10; round += 1) {
        for (const path of ['/leader', '/status', '/orders?limit=10']) expect((await ask(cluster.frontEnd, path)).status).toBe(200)
      }
      await untilCut(unread)
    })
  })

  test('a client that has left is not answered', async () => {
    await isUnharmedBy(cluster, async () => {
      for (let round = 0; round < 20; round += 1) {
        const left = Array.from({ length: 20 }, () => pipelineTo(cluster.frontEnd).send('GET /orders?limit=1000', 100))
        await cluster.leader()
        for (const pipeline of left) pipeline.close()
      }
    })
  })

  test.each(['catalogue', 'leader', 'follower'])('thousands of reads at the %s whose answers nobody takes', async (whom) => {
    const leader = await cluster.leader()
    const replica = cluster.replicas.find(({ id }) => (`order-${id}` === leader) === (whom === 'leader'))!
    const [address, path] = whom === 'catalogue' ? [cluster.catalogue, '/Catalog/Read'] : [replica.address, '/Order/Read']
    await isUnharmedBy(cluster, async () => {
      const callers = Array.from({ length: 4 }, () => callsTo(address))
      for (let round = 0; round < 500; round += 1) {
        for (const caller of callers) caller.call(path, READ_2000)
        if (round % 50 === 0) await ask(cluster.frontEnd, '/leader')
      }
      await untilCut(callers)
    })
  })

  const addressFor = async (path: string): Promise<string> => {
    if (path.startsWith('/Catalog')) return cluster.catalogue
    const leader = await cluster.leader()
    return cluster.replicas.find(({ id }) => `order-${id}` === leader)!.address
  }

  test.each([
    ['/Order/Status', ''],
    ['/Order/Lookup', '08ffffffff07'],
    ['/Order/Propagate', '08ffffffff07'],
    ['/Order/Synchronize', '08ffffffffffffffffff01'],
    ['/grpc.health.v1.Health/Check', ''],
    ['/Catalog/Status', ''],
    ['/Catalog/Confirm', ''],
    ['/Catalog/Lookup', '0a056e6f6e6521'],
  ])('thousands of %s, by callers that leave', async (path, message) => {
    const address = await addressFor(path)
    await isUnharmedBy(cluster, async () => {
      for (let round = 0; round < 20; round += 1) {
        const caller = callsTo(address)
        for (let asked = 0; asked < 250; asked += 1) caller.call(path, Buffer.from(message, 'hex'))
        await cluster.leader()
      }
    })
  })

  test.each([
    ['Order.Route', 'orders that there are not', (query: number) => ({ query: { query, number: 1e6 + query, limit: 0 } })],
    ['Order.Route', 'listings', (query: number) => ({ query: { query, number: 0, limit: 1_000 } })],
    ['Catalog.Session', 'all stocks', (query: number) => ({ query: { query, names: [] } })],
  ] as const)('tens of thousands of questions on streams of %s, for %s', async (method, _what, question) => {
    const { path } = methodDefinition(method)
    const { encode, frame } = formsOf(method).request
    const address = await addressFor(path)
    const questions = Array.from({ length: 15_000 }, (_, query) => question(query))
    await isUnharmedBy(cluster, async () => {
      for (let caller = 0; caller < 4; caller += 1) callsTo(address).open(path, questions.map(encode))
      for (let round = 0; round < 20; round += 1) await cluster.leader()
    })
    await isUnharmedBy(cluster, async () => {
      for (let caller = 0; caller < 4; caller += 1) framesTo(address, method, questions.map(frame))
      for (let round = 0; round < 20; round += 1) await cluster.leader()
    })
  })

  test.each(['Order.Route', 'Catalog.Session'])('hundreds of connections with frames for %s that say nothing', async (method) => {
    const address = await addressFor(`/${method.replace('.', '/')}`)
    await isUnharmedBy(cluster, async () => {
      for (let opened = 0; opened < 500; opened += 1) framesTo(address, method, [])
      for (let round = 0; round < 20; round += 1) await cluster.leader()
    })
  })

  test('requests of all kinds, ahead on hundreds of connections', async () => {
    const lines = ['GET /orders/999999', 'GET /stocks/nobody', 'GET /nowhere', 'GET /leader', 'DELETE /orders', 'HEAD /stocks']
    await isUnharmedBy(cluster, async () => {
      const pipelines = Array.from({ length: 300 }, (_, at) =>
        pipelineTo(cluster.frontEnd)
          .read()
          .send(lines[at % lines.length]!, 20),
      )
      await Promise.all(pipelines.map((pipeline) => untilAnswered(pipeline, 20)))
    })
  })

  test.each([
    '/Order/Route',
    '/Order/Replicate',
    '/Catalog/Session',
    '/Catalog/Lead',
    '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo',
  ])('thousands of streams of %s that say nothing', async (path) => {
    const address = await addressFor(path)
    await isUnharmedBy(cluster, async () => {
      const callers = Array.from({ length: 20 }, () => callsTo(address))
      for (const caller of callers) for (let opened = 0; opened < 250; opened += 1) caller.open(path, [Buffer.alloc(0)])
      for (let round = 0; round < 20; round += 1) await cluster.leader()
    })
  })
})

describe('a system with 100,000 stocks', () => {
  let folder: string
  let cluster: Cluster
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'bazaar-stocks-'))
    const file = join(folder, 'stocks.json')
    const usual = OPENING_CATALOGUE.map(({ name }) => ({ name, price: 1, quantity: 1_000 }))
    const others = Array.from({ length: 99_990 }, (_, at) => ({ name: `stock number ${at} of a long list`, price: 1, quantity: 1 }))
    writeFileSync(file, JSON.stringify([...usual, ...others]))
    cluster = await startCluster({ words: ['--stocks', file] })
  })
  afterAll(async () => {
    await cluster.stop()
    rmSync(folder, { recursive: true })
  })

  test('GET /stocks, 400 times on one connection', async () => {
    await isUnharmedBy(cluster, () => untilAnswered(pipelineTo(cluster.frontEnd).read().send('GET /stocks', 400), 20))
  })

  test('GET /stocks from 100 connections, of which half read nothing', async () => {
    await isUnharmedBy(cluster, async () => {
      const pipelines = Array.from({ length: 100 }, (_, at) => {
        const pipeline = pipelineTo(cluster.frontEnd).send('GET /stocks', 2)
        return at % 2 ? pipeline : pipeline.read()
      })
      await Promise.all(pipelines.filter((_, at) => at % 2 === 0).map((pipeline) => untilAnswered(pipeline, 1)))
    })
  })
})
