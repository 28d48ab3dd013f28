import { expect, test } from 'vitest'
import { settled } from '../../test/manual-clock.ts'
import { manualRuntime } from '../../test/manual-runtime.ts'
import { OPENING_CATALOGUE } from '../domain/stock.ts'
import { chainDigest, genesisDigest } from '../storage/chain.ts'
import { memoryOrderLog } from '../storage/memory/order-log.ts'
import type { CatalogueToLeader, LeaderToCatalogue } from '../wire/messages.ts'
import { NOT_LEADER } from '../wire/outcome-codes.ts'
import { refusal } from '../wire/refusal.ts'
import type { Runtime } from '../wire/runtime.ts'
import type { Belonging } from './belonging.ts'
import { Copy } from './copy.ts'
import type { FollowerSide } from './follower.ts'
import { Pace } from './pace.ts'
import type { Pushes } from './pushes.ts'
import { Role } from './role.ts'

const GENESIS = { clusterId: 'c-1', stocks: OPENING_CATALOGUE }
const ENTRY = { number: 0, name: 'tesla', type: 'sell', quantity: 1, generation: 1, key: 'c:0', fingerprint: 'print', timeMs: 1 } as const
const REQUEST = { key: 'c:a', fingerprint: 'print', name: 'tesla', type: 'buy', quantity: 1 }
const ASSIGNMENT = { followerOne: '', followerTwo: '', moreFollowers: [], epoch: 4, clusterId: '' }
const PING = { ping: 1, leaderEpoch: 4, leaderId: 2, clusterId: '', catalogueAddress: 'catalogue:1' }
const HELLO = { frontEndId: 'fe', replicaId: 2, replicaAddress: 'order-2:1' }

/** Replica 2 with an empty log, which follows a leader of epoch 7. */
async function newRole(more: { readonly advertisedAddress?: string } = {}) {
  const { clock, net, runtime: world } = manualRuntime<LeaderToCatalogue, CatalogueToLeader>()
  const log = memoryOrderLog({ diskId: 'disk-2' })
  const disk: { trouble: string | undefined } = { trouble: undefined }
  const ledger: { parted: string | undefined; compared: number } = { parted: undefined, compared: 0 }
  const asked: string[] = []
  const belonging = { requireOwnHistory: async (clusterId: string) => void asked.push(clusterId) } as unknown as Belonging
  const follower = { published: 0, leader: { replicaId: 1, epoch: 7 } } as FollowerSide
  /** An older life of the catalogue answers: the log is not compared with that ledger. */
  const call = async () => ({ generation: 0, length: 0, digest: '', entries: [] })
  const runtime = { ...world, network: { ...world.network, call } } as unknown as Runtime
  const options = { port: 0, replicaId: 2, catalogueAddress: 'catalogue:1', ...more }
  const parts = {
    copy: new Copy(log, new Pace(clock)),
    belonging,
    pushes: {} as Pushes,
    follower,
    diskTrouble: () => disk.trouble,
    publishedGrew: () => {},
    parted: () => ledger.parted,
    differs: () => void (ledger.compared += 1),
    steppedDown: () => {},
  }
  const role = new Role(runtime, options, parts)
  role.listens(5001)
  const fillDisk = () => {
    disk.trouble = 'the disk is full'
    role.diskChanged(disk.trouble)
  }
  return { clock, net, log, ledger, asked, role, fillDisk, elect: (assignment = {}) => role.assigned({ ...ASSIGNMENT, ...assignment }) }
}

test('it leads when it is elected, under the epoch of its assignment', async () => {
  const { role, elect, net } = await newRole()
  expect([role.leader, net.streams.length]).toEqual([undefined, 0])
  await elect()
  expect([role.leader?.epoch, net.stream.method]).toEqual([4, 'Catalog.Lead'])
})

test('it offers its log to all followers that it is told of, however many', async () => {
  const { elect, net } = await newRole()
  await elect({ followerOne: 'order-1:1', followerTwo: 'order-3:1', moreFollowers: ['order-4:1', 'order-5:1'] })
  net.stream.say({ welcome: { generation: 1, length: 0, published: 0, genesis: GENESIS } } as CatalogueToLeader)
  await settled()
  const offered = net.streams.filter(({ method }) => method === 'Order.Replicate').map(({ address }) => address)
  expect(offered).toEqual(['order-1:1', 'order-3:1', 'order-4:1', 'order-5:1'])
})

test('an assignment without an epoch is newer than what it has heard of', async () => {
  const { role, elect } = await newRole()
  await elect({ epoch: 0 })
  expect(role.leader?.epoch).toBe(8)
})

test.each([
  { leaderEpoch: 5, leaderId: 1, leads: false, what: 'a newer epoch' },
  { leaderEpoch: 4, leaderId: 3, leads: false, what: 'the same epoch and a higher id' },
  { leaderEpoch: 4, leaderId: 1, leads: true, what: 'the same epoch and a lower id' },
  { leaderEpoch: 3, leaderId: 3, leads: true, what: 'an older epoch' },
  { leaderEpoch: 9, leaderId: 2, leads: true, what: 'itself' },
])('a leader hears of $what: leads on $leads', async ({ leaderEpoch, leaderId, leads }) => {
  const { role, elect } = await newRole()
  await elect()
  role.told({ ...PING, leaderEpoch, leaderId }, HELLO)
  expect(role.leader !== undefined).toBe(leads)
})

test('R5: the front end of another system makes nobody step down, and gives nobody an address', async () => {
  const { role, elect } = await newRole()
  await elect()
  role.told({ ...PING, leaderEpoch: 9, leaderId: 3, catalogueAddress: 'other:1' }, HELLO)
  expect([role.leader?.epoch, role.address]).toEqual([4, '127.0.0.1:5001'])
})

test('R5: an empty replica asks its catalogue about the cluster of whoever elects it', async () => {
  const { role, elect, asked } = await newRole()
  await elect({ clusterId: 'c-2' })
  expect([asked, role.leader !== undefined]).toEqual([['c-2'], true])
})

test('R5: one that holds orders lets only its own cluster elect it', async () => {
  const { role, elect, asked, log } = await newRole()
  await log.seal(1, GENESIS)
  await log.append([ENTRY], chainDigest(genesisDigest(GENESIS), ENTRY))
  await expect(elect({ clusterId: 'c-2' })).rejects.toMatchObject({
    code: 'FAILED_PRECONDITION',
    message: expect.stringContaining('cluster c-1'),
  })
  expect(role.leader).toBe(undefined)
  await elect({ clusterId: 'c-1' })
  expect([asked, role.leader !== undefined]).toEqual([[], true])
})

test('it has the address that the front end names it by, unless its operator gave it one', async () => {
  const [named, advertised] = [await newRole(), await newRole({ advertisedAddress: 'order.example:1' })]
  for (const { role } of [named, advertised]) role.told(PING, HELLO)
  expect([named.role.address, advertised.role.address]).toEqual(['order-2:1', 'order.example:1'])
})

test('a replica whose disk is full steps down, and is not elected', async () => {
  const { role, elect, fillDisk } = await newRole()
  await elect()
  fillDisk()
  expect([role.leader, role.trouble]).toEqual([undefined, 'the disk is full'])
  await expect(elect()).rejects.toMatchObject({ code: 'FAILED_PRECONDITION', message: 'this replica cannot lead: the disk is full' })
})

test('one whose log the catalogue refuses makes room for others for a while', async () => {
  const { role, elect, log, net, clock } = await newRole()
  await log.seal(1, GENESIS)
  await elect()
  net.stream.say({ refused: refusal('the log differs', { differs: true }) } as CatalogueToLeader)
  await settled()
  expect([role.leader, role.trouble]).toEqual([undefined, 'the log differs'])
  await expect(elect()).rejects.toMatchObject({ code: 'FAILED_PRECONDITION' })
  clock.pass(3_000)
  await elect()
  expect(role.leader !== undefined).toBe(true)
})

test('one whose log is another history does not stand for election until the operator has chosen', async () => {
  const { role, elect, log, net, clock, ledger } = await newRole()
  await log.seal(1, GENESIS)
  await elect()
  net.stream.say({ refused: refusal('the log differs', { differs: true }) } as CatalogueToLeader)
  await settled()
  expect(ledger.compared).toBe(1)
  ledger.parted = 'two histories of one system'
  clock.pass(10_000)
  expect(role.trouble).toBe('two histories of one system')
  await expect(elect()).rejects.toMatchObject({ code: 'FAILED_PRECONDITION' })
  ledger.parted = undefined
  await elect()
  expect(role.leader !== undefined).toBe(true)
})

test('closed, it waits for nothing', async () => {
  const [leading, unfit] = [await newRole(), await newRole()]
  await unfit.log.seal(1, GENESIS)
  for (const { elect } of [leading, unfit]) await elect()
  unfit.net.stream.say({ refused: refusal('the log differs', { differs: true }) } as CatalogueToLeader)
  await settled()
  for (const { role } of [leading, unfit]) role.close()
  await settled()
  expect([leading.role.leader, leading.clock.timers, unfit.clock.timers]).toEqual([undefined, 0, 0])
})

test('orders are settled at once where it does not lead, and when it steps down', async () => {
  const { role, elect } = await newRole()
  const settlements: number[] = []
  const order = { request: REQUEST, settle: ({ number }: { number: number }) => void settlements.push(number) }
  role.place([order])
  await elect()
  role.place([order])
  expect(settlements).toEqual([NOT_LEADER])
  role.close()
  expect(settlements).toHaveLength(2)
})
