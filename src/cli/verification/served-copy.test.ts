import { expect, test } from 'vitest'
import type { Entry } from '../../domain/order.ts'
import { OPENING_CATALOGUE } from '../../domain/stock.ts'
import type { Entries, ReadRequest } from '../../wire/messages.ts'
import type { Network } from '../../wire/network.ts'
import { RpcError } from '../../wire/rpc-error.ts'
import { chainDigest, genesisDigest } from '../../storage/chain.ts'
import { compare } from '../../storage/verify/verification.ts'
import { serverAt, verifyServed } from './served-copy.ts'

const CLUSTER = 'c-1'
const SILENT = { begin: () => {}, advance: () => {} }

const sell = (number: number, changes: Partial<Entry> = {}): Entry => ({
  number,
  generation: 1,
  key: `c:${number}`,
  fingerprint: 'print',
  name: 'tesla',
  type: 'sell',
  quantity: 1,
  timeMs: number,
  ...changes,
})

const LOG = Array.from({ length: 5_000 }, (_, number) => sell(number))

interface Served {
  readonly entries: readonly Entry[]
  /** Entries that are served in place of others. */
  readonly lies?: ReadonlyMap<number, Entry>
}

/** Processes that serve these logs: a catalogue at "ledger", replicas elsewhere. */
function networkOf(processes: Readonly<Record<string, Served>>): Network {
  const digests = new Map(Object.entries(processes).map(([address, { entries }]) => [address, digestsOf(entries)]))
  const read = (address: string, { from, limit }: ReadRequest): Entries => {
    const { entries, lies } = processes[address] ?? { entries: [] }
    const page = entries.slice(from, from + limit)
    const digest = digests.get(address)?.[from + page.length] ?? ''
    const told = page.map((entry) => lies?.get(entry.number) ?? entry)
    return { entries: told, digest, length: entries.length, generation: 1, recoveredGeneration: 0 }
  }
  const call = async (address: string, method: string, request: object): Promise<unknown> => {
    if (!processes[address]) throw new RpcError('UNAVAILABLE', 'nobody is there')
    const service = address === 'ledger' ? 'Catalog' : 'Order'
    if (!method.startsWith(service)) throw new RpcError('UNIMPLEMENTED', 'no such method')
    return method.endsWith('Status') ? { clusterId: CLUSTER } : read(address, request as ReadRequest)
  }
  return { call } as unknown as Network
}

function digestsOf(entries: readonly Entry[]): readonly string[] {
  const digests = [genesisDigest({ clusterId: CLUSTER, stocks: OPENING_CATALOGUE })]
  for (const entry of entries) digests.push(chainDigest(digests.at(-1) ?? '', entry))
  return digests
}

const verify = async (network: Network, address: string) => verifyServed(network, await serverAt(network, address), SILENT)

test('reads all that processes serve, and compares it', async () => {
  const network = networkOf({ ledger: { entries: LOG }, one: { entries: LOG }, two: { entries: LOG.slice(0, 4_990) } })
  const [ledger, one, two] = [await verify(network, 'ledger'), await verify(network, 'one'), await verify(network, 'two')]
  expect(ledger).toMatchObject({ kind: 'ledger', length: 5_000, clusterId: CLUSTER })
  expect(one).toMatchObject({ kind: 'order log', digest: ledger.digest })
  expect(await compare(one, ledger)).toEqual({ kind: 'same' })
  expect(await compare(two, ledger)).toEqual({ kind: 'behind', lacks: 10 })
  for (const copy of [ledger, one, two]) expect(copy.findings.kept).toEqual([])
})

test('finds entries that do not lead to the digest, and what no ledger can have decided', async () => {
  const oversold = [...LOG.slice(0, 10), sell(10, { type: 'buy', quantity: 9_999 })]
  const network = networkOf({
    one: { entries: LOG, lies: new Map([[2_500, sell(2_500, { quantity: 7 })]]) },
    two: { entries: oversold },
  })
  const [one, two] = [await verify(network, 'one'), await verify(network, 'two')]
  expect(one.findings.kept).toEqual([{ what: expect.stringMatching(/lead to digest .* at length 4000/) }])
  expect(two.findings.kept).toEqual([{ entry: 10, what: expect.stringMatching(/leaves -8989 shares/) }])
})

test('finds where two logs part', async () => {
  const other = LOG.map((entry) => (entry.number < 777 ? entry : { ...entry, timeMs: 0 }))
  const network = networkOf({ ledger: { entries: LOG }, one: { entries: other } })
  const [ledger, one] = [await verify(network, 'ledger'), await verify(network, 'one')]
  expect(await compare(one, ledger)).toEqual({ kind: 'parted' })
  expect(one.findings.kept).toMatchObject([{ entry: 777 }])
})

test('another program is named as one', async () => {
  const call = () => Promise.reject(new RpcError('UNIMPLEMENTED', 'The server does not implement the method /Order/Status'))
  await expect(serverAt({ call } as unknown as Network, 'one')).rejects.toThrow(/another program answers there/)
})

test('says when nobody answers', async () => {
  await expect(serverAt(networkOf({}), 'one')).rejects.toThrow(/nobody is there/)
})
