import { loadSync } from '@grpc/proto-loader'
import { beginWithDefaults, codecOf, loadContract } from '../src/rpc/codec.ts'
import { PROTO_FILE } from '../src/rpc/definitions.ts'
import { median } from '../test/statistics.ts'

/**
 * Measures the codec of src/rpc/codec.ts: the CPU of one message with so many orders, compared with protobufjs alone and with
 * proto-loader, which grpc-js uses otherwise. The codecs take turns, after a round that does not count. Run it with
 * `npm run bench:codec`.
 */

const ORDERS = [1, 30, 90]
const ROUNDS = 9
const ORDERS_A_ROUND = 60_000

interface Way {
  readonly encode: (message: object) => Uint8Array
  readonly decode: (bytes: Buffer) => unknown
}

const contract = loadContract(PROTO_FILE)
beginWithDefaults(contract)
const TYPE = 'CatalogueToLeader'
const typeName = contract.nestedArray.find((part) => part.name === TYPE)?.fullName ?? TYPE
const bare = loadContract(PROTO_FILE).lookupType(typeName)
const ours = codecOf(contract.lookupType(typeName))
const loaded = Object.values(loadSync(PROTO_FILE, { keepCase: true, longs: Number, defaults: true }))
const lead = loaded.flatMap((part) => ('Lead' in part && typeof part.Lead === 'object' ? [part.Lead] : []))[0] as {
  responseSerialize: (message: object) => Buffer
  responseDeserialize: (bytes: Buffer) => object
}

const WAYS: Readonly<Record<string, Way>> = {
  // The object is new each time, since our codec remembers the message that it encoded last.
  own: { encode: (message) => ours.encode({ ...message }), decode: ours.decode },
  protobufjs: { encode: (message) => bare.encode(message).finish(), decode: (bytes) => bare.decode(bytes) },
  'proto-loader': { encode: lead.responseSerialize, decode: lead.responseDeserialize },
}

/** Makes the message by which the catalogue answers a leader's batch. */
function decidedBatch(orders: number): object {
  const entries = Array.from({ length: orders }, (_, at) => ({
    number: 1_000_000 + at,
    generation: 3,
    key: `f:fe-fc507a67-00000001-${String(at).padStart(16, '0')}`,
    fingerprint: 'tesla buy 1',
    name: 'tesla',
    type: 'buy',
    quantity: 1,
    timeMs: 1_795_000_000_000 + at,
  }))
  const outcomes = entries.map(({ number }) => ({ number, replayed: false, position: number }))
  const sessions = [{ frontEndId: 'fe-1', address: '127.0.0.1:8080' }]
  return { decided: { batch: 7, outcomes, entries, digest: 'a'.repeat(64), published: 1_000_000, sessions } }
}

/** Returns the CPU of one run of `work`, in microseconds. */
function cpuOf(work: () => unknown, runs: number): number {
  const before = process.cpuUsage()
  for (let run = 0; run < runs; run += 1) work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / runs
}

console.log('CPU of one message in µs, median of the rounds (least to greatest)\n')
console.log('| orders | way | encode | decode |\n|---|---|---|---|')
for (const orders of ORDERS) {
  const message = decidedBatch(orders)
  const seen = Object.keys(WAYS).map((name) => ({ name, encode: [] as number[], decode: [] as number[] }))
  for (let round = 0; round <= ROUNDS; round += 1) {
    for (const { name, encode, decode } of seen) {
      const way = WAYS[name]!
      const bytes = Buffer.from(way.encode(message))
      const runs = Math.ceil(ORDERS_A_ROUND / orders)
      const measured = [cpuOf(() => way.encode(message), runs), cpuOf(() => way.decode(bytes), runs)] as const
      if (round === 0) continue
      encode.push(measured[0])
      decode.push(measured[1])
    }
  }
  const words = (values: readonly number[]) =>
    `${median(values).toFixed(2)} (${Math.min(...values).toFixed(2)}–${Math.max(...values).toFixed(2)})`
  for (const { name, encode, decode } of seen) console.log(`| ${orders} | ${name} | ${words(encode)} | ${words(decode)} |`)
}
